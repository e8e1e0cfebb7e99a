#include <secp256k1.h>
#include <secp256k1_recovery.h>

// The library's context for everything but secrets; it is a constant, which Swift can not tell of a variable.
static inline const secp256k1_context *secp256k1_public_context(void) { return secp256k1_context_static; }
