#include "glcic/folder_dataset.h"
#include "tests/fuzz/target.h"

namespace kintsugi {

static const FuzzRegistration partition("partition", [](std::string_view bytes) {
  parse_partition(bytes, "list");
});

}  // namespace kintsugi
