#pragma once
#include <cstdint>
#include <string_view>

namespace kintsugi {

/// FNV-1a, 64 bits (Fowler, Noll, Vo): the same on every machine. Each byte is mixed in by a
/// bijection, so that two texts of one length that differ in one byte never have the same. `hash`:
/// of what comes before these bytes.
inline uint64_t hash_bytes(std::string_view bytes, uint64_t hash = 0xCBF29CE484222325u) {
  for (const char byte : bytes) hash = (hash ^ static_cast<uint8_t>(byte)) * 0x100000001B3u;
  return hash;
}

}  // namespace kintsugi
