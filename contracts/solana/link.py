"""Links one object of `clang -target bpf` into a program that Solana's loader takes.

    link.py OBJECT PROGRAM

Debian's linkers know no BPF. The loader wants what its own linker writes: a shared object of version 0, whose calls of
the runtime, and whose addresses of constants, are relocations. A program here is one `.text` and constants without
pointers; anything else is refused. Source: `solana-sbpf`, elf.rs and its ELF layout.
"""

import struct
import sys

HEADER, SEGMENT, SECTION, SYMBOL, RELOCATION, ENTRY = 64, 56, 64, 24, 16, 16
BPF, RELOCATABLE, SHARED = 247, 1, 3
# Relocations: of a 64-bit constant's address, of an address within the program, of a call.
R_ADDRESS, R_RELATIVE, R_CALL = 1, 8, 10
CALL, INTERNAL = 0x85, 0x10


class Object:
    """The parts of a relocatable object."""

    def __init__(self, data):
        self.data = data
        kind, machine = struct.unpack_from("<HH", data, 16)
        if data[:4] != b"\x7fELF" or (kind, machine) != (RELOCATABLE, BPF):
            raise SystemExit("not an object of clang -target bpf")
        (start,) = struct.unpack_from("<Q", data, 40)
        size, count, names = struct.unpack_from("<HHH", data, 58)
        fields = ("name", "type", "flags", "address", "offset", "size", "link", "info", "align", "entry")
        self.sections = [
            dict(zip(fields, struct.unpack_from("<IIQQQQIIQQ", data, start + i * size))) for i in range(count)
        ]
        strings = self.content(self.sections[names])
        for section in self.sections:
            section["name"] = text(strings, section["name"])
        table = next(section for section in self.sections if section["type"] == 2)
        strings = self.content(self.sections[table["link"]])
        self.symbols = []
        for place in range(table["offset"], table["offset"] + table["size"], SYMBOL):
            name, info, _, section, value, _ = struct.unpack_from("<IBBHQQ", data, place)
            self.symbols.append({"name": text(strings, name), "kind": info & 15, "section": section, "value": value})

    def content(self, section):
        return self.data[section["offset"] : section["offset"] + section["size"]]

    def number(self, name):
        return next(i for i, section in enumerate(self.sections) if section["name"] == name)

    def relocations(self, number):
        for section in self.sections:
            if section["type"] == 9 and section["info"] == number:
                for place in range(section["offset"], section["offset"] + section["size"], RELOCATION):
                    offset, info = struct.unpack_from("<QQ", self.data, place)
                    yield offset, info & 0xFFFFFFFF, self.symbols[info >> 32]


def text(table, place):
    return table[place : table.index(b"\0", place)].decode()


def padded(data):
    return data + b"\0" * (-len(data) % 8)


def constants(source):
    """All read-only data behind each other, and where each section of it is."""
    data, places = b"", {}
    for number, section in enumerate(source.sections):
        is_loaded, is_code = section["flags"] & 2, section["flags"] & 4
        if not is_loaded or not section["size"]:
            continue
        if section["flags"] & 1 or section["type"] == 8:
            raise SystemExit(f"{section['name']}: a program has no variables")
        if is_code:
            if section["name"] != ".text":
                raise SystemExit(f"{section['name']}: a program has one .text")
            continue
        if any(source.relocations(number)):
            raise SystemExit(f"{section['name']}: a constant holds an address")
        places[number] = len(data)
        data = padded(data + source.content(section))
    return data, places


def link(source):
    code_number = source.number(".text")
    code = bytearray(source.content(source.sections[code_number]))
    read_only, places = constants(source)
    code_at = HEADER + 3 * SEGMENT
    read_only_at = code_at + len(code)
    relocations = []
    for offset, kind, symbol in source.relocations(code_number):
        if kind == R_ADDRESS and symbol["section"] in places:
            low, high = struct.unpack_from("<I", code, offset + 4)[0], struct.unpack_from("<I", code, offset + 12)[0]
            address = read_only_at + places[symbol["section"]] + (high << 32 | low) + symbol["value"]
            struct.pack_into("<I", code, offset + 4, address & 0xFFFFFFFF)
            struct.pack_into("<I", code, offset + 12, address >> 32)
            relocations.append((code_at + offset, R_RELATIVE, None))
        elif kind == R_CALL and symbol["section"] == code_number:
            (distance,) = struct.unpack_from("<i", code, offset + 4)
            target = symbol["value"] // 8 + (distance + 1 if symbol["kind"] == 3 else 0)
            struct.pack_into("<BBhi", code, offset, CALL, INTERNAL, 0, target - offset // 8 - 1)
        elif kind == R_CALL and symbol["section"] == 0:
            struct.pack_into("<BBhi", code, offset, CALL, INTERNAL, 0, -1)
            relocations.append((code_at + offset, R_CALL, symbol["name"]))
        else:
            raise SystemExit(f"a relocation {kind} to {symbol['name'] or 'a section'} is not supported")
    entry = next(symbol["value"] for symbol in source.symbols if symbol["name"] == "entrypoint")
    return shared_object(bytes(code), read_only, relocations, code_at + entry)


def shared_object(code, read_only, relocations, entry):
    code_at = HEADER + 3 * SEGMENT
    read_only_at = code_at + len(code)
    names = sorted({name for _, _, name in relocations if name})
    strings, name_at = b"\0", {}
    for name in names:
        name_at[name] = len(strings)
        strings += name.encode() + b"\0"
    symbols = bytes(SYMBOL) + b"".join(struct.pack("<IBBHQQ", name_at[name], 0x10, 0, 0, 0, 0) for name in names)
    table = b"".join(
        struct.pack("<QQ", place, kind | (names.index(name) + 1 if name else 0) << 32) for place, kind, name in relocations
    )
    dynamic_at = read_only_at + len(read_only)
    symbols_at = dynamic_at + 9 * ENTRY
    strings_at = symbols_at + len(symbols)
    table_at = strings_at + len(padded(strings))
    relative = sum(1 for _, kind, _ in relocations if kind == R_RELATIVE)
    tags = [(0x1E, 4), (0x11, table_at), (0x12, len(table)), (0x13, RELOCATION), (0x6FFFFFFA, relative)]
    tags += [(6, symbols_at), (11, SYMBOL), (5, strings_at), (0, 0)]
    dynamic = b"".join(struct.pack("<QQ", *tag) for tag in tags)
    body = code + read_only + dynamic + symbols + padded(strings) + table
    titles = ["", ".text", ".rodata", ".dynamic", ".dynsym", ".dynstr", ".rel.dyn", ".shstrtab"]
    title_text, title_at = b"", {}
    for title in titles:
        title_at[title] = len(title_text)
        title_text += title.encode() + b"\0"
    titles_at = code_at + len(body)
    sections_at = titles_at + len(padded(title_text))

    def section(title, kind, flags, place, size, linked="", info=0, entry=0):
        link_number = titles.index(linked)
        values = (title_at[title], kind, flags, place, place, size, link_number, info, 8, entry)
        return struct.pack("<IIQQQQIIQQ", *values)

    sections = bytes(SECTION) + section(".text", 1, 6, code_at, len(code))
    sections += section(".rodata", 1, 2, read_only_at, len(read_only))
    sections += section(".dynamic", 6, 3, dynamic_at, len(dynamic), ".dynstr", 0, ENTRY)
    sections += section(".dynsym", 11, 2, symbols_at, len(symbols), ".dynstr", 1, SYMBOL)
    sections += section(".dynstr", 3, 2, strings_at, len(strings))
    sections += section(".rel.dyn", 9, 2, table_at, len(table), ".dynsym", 0, RELOCATION)
    sections += section(".shstrtab", 3, 0, titles_at, len(title_text))

    def segment(kind, flags, place, size):
        return struct.pack("<IIQQQQQQ", kind, flags, place, place, place, size, size, 8)

    segments = segment(1, 5, code_at, len(code)) + segment(1, 4, read_only_at, len(read_only))
    segments += segment(2, 6, dynamic_at, len(dynamic))
    magic = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    numbers = (SHARED, BPF, 1, entry, HEADER, sections_at, 0, HEADER, SEGMENT, 3, SECTION, len(titles), len(titles) - 1)
    return struct.pack("<16sHHIQQQIHHHHHH", magic, *numbers) + segments + body + padded(title_text) + sections


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        program = link(Object(file.read()))
    with open(sys.argv[2], "wb") as file:
        file.write(program)
