#include "glcic/interchange/t7.h"

#include "glcic/interchange/t7_network.h"
#include "tests/fuzz/target.h"

namespace kintsugi {

static const FuzzRegistration t7("t7", [](std::string_view bytes) {
  const T7File file = parse_t7(bytes, "input");
  if (file.is_tensor(file.root)) file.tensor(file.root, "it");
  weights_of_t7(file, std::nullopt);
});

}  // namespace kintsugi
