#pragma once
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "glcic/logs/event.pb.h"
#include "glcic/logs/tensorboard.h"
#include "tensor/io/file.h"

namespace kintsugi {

/// The bytes of a record at the front of `file`, which is taken off it; none where the file ends
/// within the record. Throws where a CRC is wrong.
inline std::optional<std::string> next_record(std::string_view& file) {
  uint64_t length = 0;
  if (file.size() < 12) return std::nullopt;
  std::memcpy(&length, file.data(), 8);
  if (file.size() < 16 + length) return std::nullopt;
  const std::string bytes(file.substr(12, length));
  if (file.substr(0, 16 + length) != tf_record(bytes)) throw std::runtime_error("a CRC is wrong");
  file.remove_prefix(16 + length);
  return bytes;
}

/// The events of a file, up to a record that is cut short.
inline std::vector<tensorboard::Event> read_events(const std::string& path) {
  const std::string file = read_file(path);
  std::string_view rest = file;
  std::vector<tensorboard::Event> events;
  while (const std::optional<std::string> record = next_record(rest))
    if (!events.emplace_back().ParseFromString(*record)) throw std::runtime_error("no Event");
  return events;
}

/// The event files of a run, in the order in which TensorBoard reads them.
inline std::vector<std::string> event_files(const std::string& run) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(run))
    if (entry.path().filename().string().find("tfevents") != std::string::npos)
      paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// The events of all files of a run that TensorBoard keeps: a SessionLog START of step s drops what
/// came before it of step s and later.
inline std::vector<tensorboard::Event> kept_events(const std::string& run) {
  std::vector<tensorboard::Event> kept;
  for (const std::string& path : event_files(run))
    for (const tensorboard::Event& event : read_events(path))
      if (event.session_log().status() == tensorboard::SessionLog::START)
        std::erase_if(kept, [&](const auto& old) { return old.step() >= event.step(); });
      else if (event.has_summary())
        kept.push_back(event);
  return kept;
}

}  // namespace kintsugi
