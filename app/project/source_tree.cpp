#include "app/project/source_tree.h"

#include <git2.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace catena::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view text_kinds[] = {
    ".c",   ".cc",    ".cpp", ".cxx",   ".h",    ".hh",   ".hpp",  ".hxx", ".cu",    ".cuh", ".inl",    ".py",
    ".pyi", ".js",    ".jsx", ".mjs",   ".ts",   ".tsx",  ".rs",   ".go",  ".java",  ".kt",  ".cs",     ".rb",
    ".php", ".swift", ".lua", ".sh",    ".pl",   ".sql",  ".html", ".css", ".scss",  ".vue", ".svelte", ".md",
    ".rst", ".txt",   ".tex", ".cmake", ".toml", ".yaml", ".yml",  ".ini", ".proto", ".qml"};
constexpr std::string_view text_names[] = {"CMakeLists.txt", "Makefile", "Dockerfile"};
constexpr std::size_t longest_mean_line = 200;

bool is_text_kind(const fs::path& path) {
  const std::string kind = path.extension().string(), name = path.filename().string();
  return std::find(std::begin(text_kinds), std::end(text_kinds), kind) != std::end(text_kinds) ||
         std::find(std::begin(text_names), std::end(text_names), name) != std::end(text_names);
}

/// Asks git's own rules: of the repository that the folder lies in or, where there is none, of the folder as if it were
/// one.
class IgnoreRules {
 public:
  explicit IgnoreRules(const fs::path& folder) {
    git_libgit2_init();
    git_repository* found = nullptr;
    if (git_repository_open_ext(&found, folder.c_str(), 0, nullptr) == 0) {
      repository_.reset(found);
    } else if (make_scratch() && git_repository_init(&found, scratch_.c_str(), 0) == 0) {
      repository_.reset(found);
      if (git_repository_set_workdir(found, folder.c_str(), 0) != 0) repository_.reset();
    }
    const char* root = repository_ ? git_repository_workdir(repository_.get()) : nullptr;
    if (root != nullptr) root_ = fs::weakly_canonical(root);
  }
  ~IgnoreRules() {
    repository_.reset();
    git_libgit2_shutdown();
    std::error_code error;
    if (!scratch_.empty()) fs::remove_all(scratch_, error);
  }
  IgnoreRules(const IgnoreRules&) = delete;
  IgnoreRules& operator=(const IgnoreRules&) = delete;

  bool ignored(const fs::path& path, bool folder) const {
    if (root_.empty()) return false;
    std::string relative = fs::relative(path, root_).generic_string();
    if (folder) relative += '/';  // patterns such as "build/" match folders only
    int result = 0;
    return git_ignore_path_is_ignored(&result, repository_.get(), relative.c_str()) == 0 && result == 1;
  }

 private:
  struct Free {
    void operator()(git_repository* repository) const { git_repository_free(repository); }
  };
  bool make_scratch() {
    std::string name = (fs::temp_directory_path() / "catena-ignore-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) return false;
    scratch_ = name;
    return true;
  }

  std::unique_ptr<git_repository, Free> repository_;
  fs::path root_;     // of the working tree that the rules speak of
  fs::path scratch_;  // an empty repository, for a folder that is none
};

void collect(const fs::path& folder, const std::string& prefix, const IgnoreRules& rules, const std::stop_token& stop,
             std::vector<SourceFile>& files) {
  std::error_code error;
  std::vector<fs::directory_entry> entries;
  for (fs::directory_iterator it(folder, fs::directory_options::skip_permission_denied, error), end;
       !error && it != end; it.increment(error)) {
    entries.push_back(*it);
  }
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.path() < b.path(); });
  std::vector<fs::path> folders;
  for (const fs::directory_entry& entry : entries) {
    if (stop.stop_requested()) return;
    const fs::path& path = entry.path();
    const std::string name = path.filename().string();
    if (name.front() == '.' || entry.is_symlink(error)) continue;
    if (entry.is_directory(error)) {
      if (!rules.ignored(path, true)) folders.push_back(path);
    } else if (entry.is_regular_file(error) && is_text_kind(path) && !rules.ignored(path, false)) {
      const std::uintmax_t bytes = entry.file_size(error);
      if (!error && bytes > 0 && bytes <= largest_source) files.push_back({prefix + name, bytes});
    }
  }
  for (const fs::path& path : folders) collect(path, prefix + path.filename().string() + '/', rules, stop, files);
}

}  // namespace

std::vector<SourceFile> source_files(const fs::path& folder, const std::stop_token& stop) {
  std::error_code error;
  if (!fs::is_directory(folder, error))
    throw std::runtime_error(folder.string() + ": is no folder; give the project's folder");
  if (fs::directory_iterator(folder, error); error)
    throw std::runtime_error(folder.string() + ": cannot be read (" + error.message() + ")");
  const fs::path root = fs::canonical(folder);
  std::vector<SourceFile> files;
  collect(root, "", IgnoreRules(root), stop, files);
  return files;
}

std::string source_text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad() || text.size() > largest_source || text.find('\0') != std::string::npos) return {};
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  if (text.size() / lines > longest_mean_line) return {};
  return text;
}

}  // namespace catena::app
