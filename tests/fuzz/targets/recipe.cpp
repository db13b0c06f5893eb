#include "glcic/recipe.h"

#include "tests/fuzz/target.h"

namespace kintsugi {

static const FuzzRegistration recipe("recipe", [](std::string_view bytes) {
  parse_recipe(std::string(bytes), "input");
});

}  // namespace kintsugi
