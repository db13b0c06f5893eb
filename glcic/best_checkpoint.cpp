#include "glcic/best_checkpoint.h"

#include <charconv>
#include <filesystem>

#include "tensor/error.h"
#include "tensor/io/safetensors.h"

namespace kintsugi {

namespace {

constexpr const char* kPsnr = "hole_psnr";

double psnr_of(const std::string& path) {
  const SafeTensors file = read_safetensors(path, [](const std::string&) { return false; });
  const auto found = file.metadata.find(kPsnr);
  double psnr = 0;
  const bool is_number =
      found != file.metadata.end() &&
      std::from_chars(found->second.data(), found->second.data() + found->second.size(), psnr).ec ==
          std::errc{};
  check(is_number, "{}: not the best checkpoint of a run: its metadata has no {}", path, kPsnr);
  return psnr;
}

}  // namespace

BestCheckpoint::BestCheckpoint(std::string path) : path_(std::move(path)) {
  if (std::filesystem::exists(path_)) hole_psnr_ = psnr_of(path_);
}

bool BestCheckpoint::offer(double hole_psnr, const TrainState& state) {
  if (!(hole_psnr > hole_psnr_)) return false;
  write_checkpoint(path_, state, {{kPsnr, fmt::format("{}", hole_psnr)}});
  hole_psnr_ = hole_psnr;
  return true;
}

}  // namespace kintsugi
