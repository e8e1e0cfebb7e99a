// The deposit program: moves SOL or tokens from a depositor to the operator's treasury, and says for whom.
//
// It has no state, no owner of its own and no way to move anything out: what it moves, the depositor has signed for, and it
// moves to one treasury, which is compiled in. README.md says what that means for whoever deposits.
//
// Instructions are 32 bytes: 8 that say which (the first of sha256("global:<name>"), as Anchor has it), the deposit code's
// 16, and the amount's 8, the lowest first.
//
//     deposit       0 depositor (signs)   1 its token account (written)   2 mint   3 treasury's token account (written)
//                   4 token program
//     deposit_sol   0 depositor (signs, written)   1 treasury (written)   2 system program
//
// Each logs an event in Anchor's form: the first 8 bytes of sha256("event:DepositEvent"), code, depositor, mint, amount.
// Nobody may believe a log, which any program can write; it is a hint to read the instruction and the balances.

#include "config.h"  // TREASURY, and the digests: made by build

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

// What can be wrong, in the order in which it is looked for; idl.json names them.
enum {
    UNKNOWN_INSTRUCTION = 6000,
    WRONG_LENGTH,
    NOTHING_TO_DEPOSIT,
    NOT_SIGNED,
    WRONG_ACCOUNTS,
    WRONG_PROGRAM,
    NOT_A_TOKEN_ACCOUNT,
    NOT_THE_TREASURY,
    WRONG_MINT,
};

// As the runtime lays them out: `SolAccountInfo`, `SolAccountMeta`, `SolInstruction` and `SolBytes` of Solana's C SDK.
typedef struct { u8 bytes[32]; } Key;
typedef struct {
    const Key *key;
    u64 *lamports;
    u64 length;
    u8 *data;
    const Key *owner;
    u64 rent_epoch;
    u8 signs, is_written, is_program;
} Account;
typedef struct { const Key *key; u8 is_written, signs; } Meta;
typedef struct { const Key *program; const Meta *metas; u64 count; const u8 *data; u64 length; } Call;
typedef struct { const u8 *start; u64 length; } Bytes;

u64 sol_log_data(const Bytes *, u64);
u64 sol_invoke_signed_c(const Call *, const Account *, int, const void *, int);

static const Key TREASURY_KEY = {TREASURY};
static const Key TOKEN_PROGRAM_KEY = {TOKEN_PROGRAM};
static const Key NATIVE_MINT_KEY = {NATIVE_MINT};
static const Key SYSTEM_PROGRAM_KEY = {{0}};
static const u8 DEPOSIT[8] = DISCRIMINATOR_DEPOSIT;
static const u8 DEPOSIT_SOL[8] = DISCRIMINATOR_DEPOSIT_SOL;
static const u8 EVENT[8] = DISCRIMINATOR_EVENT;

enum { MOST_ACCOUNTS = 8, CODE_BYTES = 16, TOKEN_ACCOUNT_BYTES = 165, REALLOCATION_BYTES = 10240 };

#define INLINE static __attribute__((always_inline)) inline

INLINE int is_equal(const u8 *one, const u8 *two, int count) {
    for (int i = 0; i < count; i++)
        if (one[i] != two[i]) return 0;
    return 1;
}

INLINE int is_key(const Key *one, const Key *two) { return is_equal(one->bytes, two->bytes, 32); }

INLINE void copy(u8 *to, const u8 *from, int count) {
    for (int i = 0; i < count; i++) to[i] = from[i];
}

INLINE int is_zero(const u8 *bytes, int count) {
    for (int i = 0; i < count; i++)
        if (bytes[i]) return 0;
    return 1;
}

// What an instruction asks for.
typedef struct { const u8 *code, *amount; } Order;

static __attribute__((noinline)) void tell(Order order, const Key *depositor, const Key *mint) {
    u8 event[8 + CODE_BYTES + 32 + 32 + 8];
    copy(event, EVENT, 8);
    copy(event + 8, order.code, CODE_BYTES);
    copy(event + 24, depositor->bytes, 32);
    copy(event + 56, mint->bytes, 32);
    copy(event + 88, order.amount, 8);
    Bytes bytes = {event, sizeof event};
    sol_log_data(&bytes, 1);
}

// The mint is the second half of the first 64 bytes of a token account: mint, then owner.
static u64 deposit(const Account *accounts, u64 count, Order order) {
    if (count < 5) return WRONG_ACCOUNTS;
    const Account *depositor = &accounts[0], *source = &accounts[1], *mint = &accounts[2], *vault = &accounts[3];
    const Account *program = &accounts[4];
    if (!is_key(program->key, &TOKEN_PROGRAM_KEY)) return WRONG_PROGRAM;
    if (!is_key(vault->owner, &TOKEN_PROGRAM_KEY) || vault->length != TOKEN_ACCOUNT_BYTES) return NOT_A_TOKEN_ACCOUNT;
    if (!is_equal(vault->data + 32, TREASURY_KEY.bytes, 32)) return NOT_THE_TREASURY;
    if (!is_equal(vault->data, mint->key->bytes, 32) || mint->length < 45) return WRONG_MINT;
    // TransferChecked, with the decimals that the mint says.
    u8 data[10] = {12};
    copy(data + 1, order.amount, 8);
    data[9] = mint->data[44];
    Meta metas[4] = {{source->key, 1, 0}, {mint->key, 0, 0}, {vault->key, 1, 0}, {depositor->key, 0, 1}};
    Call call = {program->key, metas, 4, data, sizeof data};
    u64 failed = sol_invoke_signed_c(&call, accounts, (int)count, 0, 0);
    if (failed) return failed;
    tell(order, depositor->key, mint->key);
    return 0;
}

static u64 deposit_sol(const Account *accounts, u64 count, Order order) {
    if (count < 3) return WRONG_ACCOUNTS;
    const Account *depositor = &accounts[0], *treasury = &accounts[1], *program = &accounts[2];
    if (!is_key(program->key, &SYSTEM_PROGRAM_KEY)) return WRONG_PROGRAM;
    if (!is_key(treasury->key, &TREASURY_KEY)) return NOT_THE_TREASURY;
    u8 data[12] = {2, 0, 0, 0};
    copy(data + 4, order.amount, 8);
    Meta metas[2] = {{depositor->key, 1, 1}, {treasury->key, 1, 0}};
    Call call = {program->key, metas, 2, data, sizeof data};
    u64 failed = sol_invoke_signed_c(&call, accounts, (int)count, 0, 0);
    if (failed) return failed;
    tell(order, depositor->key, &NATIVE_MINT_KEY);
    return 0;
}

// One account of the input, or a reference to one that came before; returns what follows it.
INLINE u8 *read_account(u8 *input, Account *accounts, u64 place) {
    Account *account = &accounts[place];
    if (*input != 0xff) {
        // An earlier one: the runtime never names a later one.
        *account = accounts[*input];
        return input + 8;
    }
    account->signs = input[1];
    account->is_written = input[2];
    account->is_program = input[3];
    account->key = (Key *)(input + 8);
    account->owner = (Key *)(input + 40);
    account->lamports = (u64 *)(input + 72);
    account->length = *(u64 *)(input + 80);
    account->data = input + 88;
    u8 *end = account->data + account->length + REALLOCATION_BYTES;
    end = (u8 *)(((u64)end + 7) & ~7UL);
    account->rent_epoch = *(u64 *)end;
    return end + 8;
}

u64 entrypoint(u8 *input) {
    Account accounts[MOST_ACCOUNTS];
    u64 count = *(u64 *)input;
    if (count > MOST_ACCOUNTS || count < 1) return WRONG_ACCOUNTS;
    input += 8;
    for (u64 place = 0; place < count; place++) input = read_account(input, accounts, place);
    u64 length = *(u64 *)input;
    const u8 *data = input + 8;
    if (length < 8) return UNKNOWN_INSTRUCTION;
    int is_deposit = is_equal(data, DEPOSIT, 8);
    if (!is_deposit && !is_equal(data, DEPOSIT_SOL, 8)) return UNKNOWN_INSTRUCTION;
    if (length != 8 + CODE_BYTES + 8) return WRONG_LENGTH;
    Order order = {data + 8, data + 8 + CODE_BYTES};
    if (is_zero(order.amount, 8)) return NOTHING_TO_DEPOSIT;
    if (!accounts[0].signs) return NOT_SIGNED;
    return is_deposit ? deposit(accounts, count, order) : deposit_sol(accounts, count, order);
}
