#include "app/project/project_reader.h"

#include <algorithm>
#include <stdexcept>

namespace catena::app {
namespace {

// Fed between two looks at the clock: a few milliseconds, since in the window somebody may be waiting for a suggestion.
constexpr std::size_t piece_bytes = 256;

std::vector<SourceFile> without(std::vector<SourceFile> files, const std::vector<std::string>& skip) {
  std::erase_if(files,
                [&](const SourceFile& file) { return std::find(skip.begin(), skip.end(), file.name) != skip.end(); });
  return files;
}

}  // namespace

ProjectReader::ProjectReader(const std::filesystem::path& folder, std::shared_ptr<const model::TextModel> model,
                             std::shared_ptr<model::Executor> executor, const model::StreamSettings& settings,
                             const std::vector<std::string>& skip)
    : ProjectReader(folder, without(source_files(folder), skip), std::move(model), std::move(executor), settings) {}

ProjectReader::ProjectReader(const std::filesystem::path& folder, std::vector<SourceFile> files,
                             std::shared_ptr<const model::TextModel> model, std::shared_ptr<model::Executor> executor,
                             const model::StreamSettings& settings)
    : folder_(std::filesystem::canonical(folder)),
      memory_(std::move(model), std::move(executor), settings),
      files_(std::move(files)) {
  if (files_.empty()) throw std::runtime_error(folder.string() + ": holds no text files to remember");
  progress_.files_total = files_.size();
  for (const SourceFile& file : files_) progress_.bytes_total += file.bytes;
}

/// Documents as the model was trained on them: project/path of the file, the text, the end.
bool ProjectReader::next_file() {
  while (next_ < files_.size()) {
    const SourceFile& file = files_[next_++];
    progress_.file = file.name;
    text_ = source_text(folder_ / file.name);
    fed_ = 0;
    if (!text_.empty()) {
      if (text_.back() != '\n') text_ += '\n';
      memory_.feed_control(model::Control::file);
      std::string head = folder_.filename().string() + '/' + file.name;
      std::replace(head.begin(), head.end(), '\n', ' ');
      memory_.feed(head + '\n');
      return true;
    }
    progress_.files = next_;
    progress_.bytes += file.bytes;
  }
  return false;
}

bool ProjectReader::read(std::chrono::steady_clock::time_point deadline, const std::stop_token& stop) {
  do {
    if (text_.empty() && !next_file()) return true;
    const std::string_view piece = std::string_view(text_).substr(fed_, piece_bytes);
    memory_.feed(piece);
    fed_ += piece.size();
    progress_.bytes += piece.size();
    if (fed_ == text_.size()) {
      memory_.feed_control(model::Control::end);
      read_files_ += 1;
      read_bytes_ += static_cast<std::int64_t>(text_.size());
      progress_.files = next_;
      text_.clear();
    }
  } while (!stop.stop_requested() && std::chrono::steady_clock::now() < deadline);
  return text_.empty() && next_ == files_.size();
}

model::ProjectMemory ProjectReader::result() {
  memory_.finish();
  return {folder_.string(), read_files_, read_bytes_, memory_.state(), memory_.contexts()};
}

}  // namespace catena::app
