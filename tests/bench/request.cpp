#include "tests/bench/request.h"

#include <fmt/core.h>

#include <cstdio>
#include <iostream>
#include <sstream>

#include "tensor/error.h"
#include "tensor/storage.h"
#include "tests/bench/network_work.h"

namespace kintsugi::bench {
namespace {

constexpr double kLeastSeconds = 0.3;  // a measurement lasts

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

}  // namespace

Request parse_request(const std::string& line) {
  std::istringstream words(line);
  Request request;
  words >> request.kind;
  if (request.kind == "complete" || request.kind == "train") {
    words >> request.size >> request.batch >> request.width;
  } else if (request.kind == "conv" || request.kind == "deconv") {
    ConvolutionOptions options;
    int64_t size = 0;
    std::string pass;
    words >> options.kernel >> options.stride >> options.in >> options.out >> size >> pass;
    check(!words.fail(), "\"{}\" takes KERNEL STRIDE IN OUT SIZE PASS", line);
    options.padding = (options.kernel - 1) / 2;
    request.layer = convolution_layer(options, request.kind == "deconv", 1, size);
    request.pass = pass_from_string(pass);
  } else {
    throw Error(fmt::format("\"{}\" is no work: complete, train, conv or deconv", line));
  }
  check(!words.fail(), "\"{}\" takes SIZE BATCH WIDTH", line);
  return request;
}

void serve(const std::string& name, const std::function<Work(const Request&)>& make_work,
           Device device) {
  say(name);
  Work work;
  std::string last;
  for (std::string line; std::getline(std::cin, line);) {
    try {
      if (line != last) work = nullptr;  // its memory first
      last = line;
      if (line == "rest") {
        release_cached_memory(device);
        say("0");
        continue;
      }
      if (!work) work = make_work(parse_request(line));
      say(fmt::format("{:.9f}", median_seconds(work, kLeastSeconds)));
    } catch (const std::exception& error) {
      say(error.what());
    }
  }
}

}  // namespace kintsugi::bench
