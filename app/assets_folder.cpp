#include "app/assets_folder.h"

#include <stdexcept>
#include <string>

namespace catena::app {
namespace fs = std::filesystem;

fs::path assets_folder() {
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  std::string tried;
  // build/app/catena in the source tree, build/catena, and an installed bin/catena.
  for (const char* relative : {"../assets", "../../assets", "../../../assets", "../share/catena"}) {
    const fs::path folder = (here / relative).lexically_normal();
    if (fs::is_directory(folder / "models", error)) return folder;
    tried += (tried.empty() ? "" : ", ") + folder.string();
  }
  throw std::runtime_error("the assets folder was not found (looked at " + tried +
                           "); run the program from its build or installation");
}

fs::path model_folder(const fs::path& chosen) {
  return chosen.empty() ? assets_folder() / "models" / default_model : chosen;
}
fs::path speech_model_folder(const fs::path& chosen) {
  return chosen.empty() ? assets_folder() / "models" / default_speech_model : chosen;
}

}  // namespace catena::app
