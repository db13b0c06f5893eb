#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>
#include <sstream>

#include "glcic/folder_dataset.h"
#include "glcic/hash.h"
#include "tensor/error.h"
#include "tensor/io/file.h"

namespace kintsugi {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCelebaPictures = "img_align_celeba";
constexpr const char* kCelebaPartition = "list_eval_partition.txt";

/// The same on every machine, whatever else is in the folder.
Split split_of_name(const std::string& name) {
  const uint64_t percentile = (hash_bytes(name) >> 32) % 100;
  return percentile < 90 ? Split::train : percentile < 95 ? Split::valid : Split::test;
}

bool is_picture(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char symbol) { return static_cast<char>(std::tolower(symbol)); });
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

/// The pictures in a folder itself, sorted by name.
std::set<std::string> pictures_in(const std::string& folder) {
  std::set<std::string> names;
  try {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder))
      if (is_picture(entry.path()) && !entry.is_directory())
        names.insert(entry.path().filename().string());
  } catch (const fs::filesystem_error& error) {
    throw Error(fmt::format("cannot read the folder {}: {}", folder, error.code().message()));
  }
  return names;
}

std::string celeba_root(const std::string& folder) {
  std::error_code ignored;
  for (const std::string& root : {folder, folder + "/celeba"})
    if (fs::is_directory(root + "/" + kCelebaPictures, ignored)) return root;
  return "";
}

PartitionEntry parse_partition_line(const std::string& path, int number, const std::string& line) {
  std::istringstream fields(line);
  std::string name, part, more;
  fields >> name >> part;
  const bool valid = (part == "0" || part == "1" || part == "2") && !(fields >> more);
  check(valid, "{}, line {}: \"{}\" is not a file name and a split (0, 1 or 2)", path, number,
        line.substr(0, 60));
  return {name, part == "0" ? Split::train : part == "1" ? Split::valid : Split::test, number};
}

void check_not_empty(const PictureList& list, const std::string& folder, Split split, size_t all) {
  check(all > 0, "there are no PNG or JPEG files in the folder {}", folder);
  check(!list.names.empty(),
        "none of the {} pictures in {} belongs to the split \"{}\" (of a folder that does not say, "
        "some 5 % of the pictures; glcic evaluate --split all takes them all)",
        all, folder, to_string(split));
}

}  // namespace

bool is_celeba(const std::string& folder) { return !celeba_root(folder).empty(); }

std::vector<PartitionEntry> parse_partition(std::string_view text, const std::string& path) {
  std::vector<PartitionEntry> entries;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number)
    if (line.find_first_not_of(" \r\t") != std::string::npos)
      entries.push_back(parse_partition_line(path, number, line));
  return entries;
}

PictureList list_celeba(const std::string& folder, Split split) {
  const std::string root = celeba_root(folder);
  const std::string partition = root + "/" + kCelebaPartition;
  PictureList list{root + "/" + kCelebaPictures, {}};
  const std::set<std::string> present = pictures_in(list.folder);
  for (const PartitionEntry& entry : parse_partition(read_file(partition), partition)) {
    check(present.contains(entry.name), "{}, line {}: there is no picture {} in {}", partition,
          entry.line, entry.name, list.folder);
    if (split == Split::all || split == entry.split) list.names.push_back(entry.name);
  }
  check_not_empty(list, list.folder, split, present.size());
  return list;
}

PictureList list_folder(const std::string& folder, Split split) {
  PictureList list{folder, {}};
  const std::set<std::string> present = pictures_in(folder);
  for (const std::string& name : present)
    if (split == Split::all || split == split_of_name(name)) list.names.push_back(name);
  check_not_empty(list, folder, split, present.size());
  return list;
}

}  // namespace kintsugi
