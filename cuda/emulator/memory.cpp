#include "cuda/emulator/memory.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <map>
#include <optional>

#include "cuda/emulator/protection.h"
#include "cuda/emulator/report.h"
#include "cuda/emulator/shadow.h"
#include "cuda/emulator/shared_memory.h"
#include "cuda/emulator/stream.h"

namespace emulator {
namespace {

constexpr size_t kPage = 4 * kKiB;
constexpr size_t kGap = kMiB;  // after each piece: runs over its end meet closed bytes

uintptr_t number(const void* address) { return reinterpret_cast<uintptr_t>(address); }
void* pointer(uintptr_t address) { return reinterpret_cast<void*>(address); }

struct Block {
  size_t bytes;
  bool live = true;  ///< one that was freed is remembered, for messages
};
using Blocks = std::map<uintptr_t, Block>;  // by address

/// What one cudaMalloc handed out. Where an allocator cuts it up, its blocks count instead.
struct Piece : Block {
  bool cut = false;
  Blocks blocks{};
};

class DeviceMemory {
 public:
  size_t set_limit(size_t bytes) { return std::exchange(limit_, bytes); }
  size_t limit() const { return limit_; }
  size_t used() const { return used_; }
  uintptr_t end() const { return end_; }

  /// 0 where there is no room.
  uintptr_t allocate(size_t bytes);
  bool free(uintptr_t address);
  void take(uintptr_t address, size_t bytes);
  void give_back(uintptr_t address, size_t bytes);
  std::string neighbourhood(uintptr_t address, size_t bytes) const;

 private:
  std::optional<uintptr_t> place(size_t bytes);
  Piece* live_piece_with(uintptr_t address, size_t bytes);

  std::map<uintptr_t, Piece> pieces_;
  size_t limit_ = 16 * kGiB, used_ = 0;
  uintptr_t next_ = kArena + kSharedWindow;  ///< addresses from here on are fresh
  uintptr_t end_ = next_;                    ///< of all that was ever handed out
};

DeviceMemory& device_memory() {
  static DeviceMemory& instance = *new DeviceMemory;  // outlives every tensor
  return instance;
}

size_t round_up(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

// ---- handing out --------------------------------------------------------------------------------

/// Fresh addresses as long as there are any, so that a stale pointer meets closed bytes; then
/// holes.
std::optional<uintptr_t> DeviceMemory::place(size_t bytes) {
  const size_t room = round_up(bytes, kPage) + kGap;
  if (room <= kArena + kArenaBytes - next_) return std::exchange(next_, next_ + room);
  std::erase_if(pieces_, [](const auto& entry) { return !entry.second.live; });
  uintptr_t hole = kArena + kSharedWindow;
  for (const auto& [address, piece] : pieces_) {
    if (address - hole >= room) return hole;
    hole = address + round_up(piece.bytes, kPage) + kGap;
  }
  return std::nullopt;
}

uintptr_t DeviceMemory::allocate(size_t bytes) {
  if (bytes > limit_ - std::min(used_, limit_)) return 0;
  const std::optional<uintptr_t> address = place(bytes);
  if (!address) return 0;
  pieces_[*address] = Piece{{.bytes = bytes}};
  used_ += bytes;
  end_ = std::max(end_, *address + round_up(bytes, kPage));
  const OpenArena open;
  hand_out(pointer(*address), bytes);
  return *address;
}

bool DeviceMemory::free(uintptr_t address) {
  const auto found = pieces_.find(address);
  if (found == pieces_.end() || !found->second.live) return false;
  Piece& piece = found->second;
  drop_pages(pointer(address), round_up(piece.bytes, kPage));
  used_ -= piece.bytes;
  piece = Piece{{.bytes = piece.bytes, .live = false}};
  return true;
}

// ---- blocks of another allocator ----------------------------------------------------------------

Piece* DeviceMemory::live_piece_with(uintptr_t address, size_t bytes) {
  const auto after = pieces_.upper_bound(address);
  if (after == pieces_.begin()) return nullptr;
  auto& [begin, piece] = *std::prev(after);
  return piece.live && address + bytes <= begin + piece.bytes ? &piece : nullptr;
}

void forget_overlapping(Blocks& blocks, uintptr_t begin, uintptr_t end) {
  auto block = blocks.lower_bound(begin);
  while (block != blocks.begin() &&
         std::prev(block)->first + std::prev(block)->second.bytes > begin)
    --block;
  while (block != blocks.end() && block->first < end) block = blocks.erase(block);
}

void DeviceMemory::take(uintptr_t address, size_t bytes) {
  Piece* piece = live_piece_with(address, bytes);
  if (piece == nullptr)
    throw Fault(fmt::format("block_taken: {} bytes at {:#x} are no part of allocated memory", bytes,
                            address));
  if (!piece->cut) {
    const auto begin = std::prev(pieces_.upper_bound(address))->first;
    take_back(pointer(begin), piece->bytes);
    piece->cut = true;
  }
  forget_overlapping(piece->blocks, address, address + std::max<size_t>(bytes, 1));
  piece->blocks[address] = {.bytes = bytes};
  const OpenArena open;
  hand_out(pointer(address), bytes);
}

void DeviceMemory::give_back(uintptr_t address, size_t bytes) {
  Piece* piece = live_piece_with(address, bytes);
  const auto none = Blocks::iterator{};
  const auto block = piece == nullptr ? none : piece->blocks.find(address);
  if (piece == nullptr || block == piece->blocks.end() || !block->second.live)
    throw Fault(fmt::format("block_returned: no block was taken at {:#x}", address));
  block->second.live = false;
  take_back(pointer(address), block->second.bytes);
}

// ---- describing ---------------------------------------------------------------------------------

size_t distance(uintptr_t address, uintptr_t begin, size_t bytes) {
  if (address < begin) return begin - address;
  return address < begin + bytes ? 0 : address - (begin + bytes) + 1;
}

/// The block in which the address lies, else the one next to it; end() where there is none.
template <class Map>
typename Map::const_iterator nearest(const Map& blocks, uintptr_t address) {
  const auto after = blocks.upper_bound(address);
  if (after == blocks.begin()) return after;
  const auto before = std::prev(after);
  if (after == blocks.end()) return before;
  const bool nearer_before = distance(address, before->first, before->second.bytes) <=
                             distance(address, after->first, after->second.bytes);
  return nearer_before ? before : after;
}

std::string relation(uintptr_t address, size_t bytes, uintptr_t begin, size_t size,
                     const std::string& block) {
  const uintptr_t end = begin + size;
  if (address == end) return "right behind " + block;
  if (address > end) return fmt::format("{} bytes behind {}", address - end, block);
  if (address < begin) return fmt::format("{} bytes before {}", begin - address, block);
  const char* beyond = address + bytes > end ? " and beyond its end" : "";
  return fmt::format("{} bytes into {}{}", address - begin, block, beyond);
}

std::string relation(uintptr_t address, size_t bytes, uintptr_t begin, const Block& block) {
  return relation(
      address, bytes, begin, block.bytes,
      fmt::format("a block of {} bytes{}", block.bytes, block.live ? "" : " that was freed"));
}

std::string DeviceMemory::neighbourhood(uintptr_t address, size_t bytes) const {
  const auto piece = nearest(pieces_, address);
  if (piece == pieces_.end()) return "where nothing is allocated";
  if (!piece->second.cut) return relation(address, bytes, piece->first, piece->second);
  const auto block = nearest(piece->second.blocks, address);
  return relation(address, bytes, block->first, block->second);
}

// ---- pinned memory of the host ------------------------------------------------------------------

std::map<uintptr_t, size_t>& pinned() {
  static auto& blocks = *new std::map<uintptr_t, size_t>;
  return blocks;
}

}  // namespace

size_t set_memory_limit(size_t bytes) {
  const std::lock_guard lock(device());
  return device_memory().set_limit(bytes);
}

void block_taken(void* block, size_t bytes) {
  const std::lock_guard lock(device());
  device_memory().take(number(block), bytes);
}

void block_returned(void* block, size_t bytes) {
  const std::lock_guard lock(device());
  device_memory().give_back(number(block), bytes);
}

std::string neighbourhood(const void* address, size_t bytes) {
  if (offset_of(address) < kSharedWindow)
    return relation(number(address), bytes, number(dynamic_shared_memory()), shared_memory_bytes(),
                    fmt::format("the {} bytes of shared memory", shared_memory_bytes()));
  const std::lock_guard lock(device());
  return device_memory().neighbourhood(number(address), bytes);
}

bool is_pinned(const void* address) {
  const std::lock_guard lock(device());
  const auto after = pinned().upper_bound(number(address));
  if (after == pinned().begin()) return false;
  const auto& [begin, bytes] = *std::prev(after);
  return number(address) < begin + bytes;
}

size_t used_extent() { return device_memory().end() - kArena; }

}  // namespace emulator

using namespace emulator;

cudaError_t cudaMalloc(void** block, size_t bytes) {
  const std::lock_guard lock(device());
  if (block == nullptr) return finish(cudaErrorInvalidValue);
  if (spoils_capture()) return finish(cudaErrorStreamCaptureUnsupported);
  reserve_arena();
  *block = bytes == 0 ? nullptr : pointer(device_memory().allocate(bytes));
  return finish(*block == nullptr && bytes > 0 ? cudaErrorMemoryAllocation : cudaSuccess);
}

cudaError_t cudaFree(void* block) {
  const std::lock_guard lock(device());
  if (block == nullptr) return cudaSuccess;
  if (spoils_capture()) return finish(cudaErrorStreamCaptureUnsupported);
  return finish(device_memory().free(number(block)) ? cudaSuccess : cudaErrorInvalidValue);
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  const std::lock_guard lock(device());
  *total = device_memory().limit();
  *free = *total - std::min(device_memory().used(), *total);
  return cudaSuccess;
}

cudaError_t cudaHostAlloc(void** block, size_t bytes, unsigned) {
  const std::lock_guard lock(device());
  if (block == nullptr) return finish(cudaErrorInvalidValue);
  if (spoils_capture()) return finish(cudaErrorStreamCaptureUnsupported);
  *block = bytes == 0 ? nullptr : std::aligned_alloc(kPage, round_up(bytes, kPage));
  if (bytes > 0 && *block == nullptr) return finish(cudaErrorMemoryAllocation);
  if (bytes > 0) pinned()[number(*block)] = bytes;
  return cudaSuccess;
}

cudaError_t cudaMallocHost(void** block, size_t bytes) {
  return cudaHostAlloc(block, bytes, cudaHostAllocDefault);
}

cudaError_t cudaFreeHost(void* block) {
  const std::lock_guard lock(device());
  if (block == nullptr) return cudaSuccess;
  if (spoils_capture()) return finish(cudaErrorStreamCaptureUnsupported);
  if (pinned().erase(number(block)) == 0) return finish(cudaErrorInvalidValue);
  std::free(block);
  return cudaSuccess;
}
