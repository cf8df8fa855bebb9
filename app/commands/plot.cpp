#include "app/commands/plot.h"

#include <cmath>
#include <map>
#include <memory>
#include <stdexcept>

#include "app/plot/log_table.h"
#include "app/plot/plot_image.h"

namespace catena::app {
namespace {

namespace fs = std::filesystem;
using Points = std::vector<std::pair<double, double>>;

struct Options {
  std::vector<fs::path> logs;
  fs::path output;
  std::string x = "tokens", y = "loss";
  bool log_x = false, log_y = false;
};

/// Adds a point. A resumed run repeats what came after its checkpoint: the later line is the one that counts.
void add(Points& points, double x, double y) {
  while (!points.empty() && points.back().first >= x) points.pop_back();
  if (std::isfinite(x) && std::isfinite(y)) points.emplace_back(x, y);
}

/// What a log is called: the folder of a training where the file's own name says nothing.
std::string name_of(const fs::path& log) {
  const fs::path folder = fs::absolute(log).parent_path();
  return log.filename() == "log.csv" && folder.has_filename() ? folder.filename().string() : log.stem().string();
}

std::string label(const std::string& column) {
  if (column == "loss") return "loss (nats/token)";
  std::string text = column;
  for (char& c : text) {
    if (c == '_') c = ' ';
  }
  return text;
}

/// The evaluations beside a log, whole files only, a curve each.
void add_heldout(const fs::path& file, const std::string& x, const std::string& name, int color, Plot& plot) {
  const LogTable table(file);
  const std::vector<double> at = table.numbers(x), nats = table.numbers("nats_per_token"),
                            first = table.numbers("first"), last = table.numbers("last");
  const std::vector<std::string> names = table.texts("name");
  double whole = 0;  // the end of the line for all positions
  for (const double end : last) whole = std::max(whole, end);
  std::map<std::string, Points> by_name;
  for (std::size_t i = 0; i < table.rows(); ++i) {
    if (first[i] == 0 && last[i] == whole) add(by_name[names[i]], at[i], nats[i]);
  }
  for (auto& [held_out, points] : by_name)
    plot.curves.push_back({name + ", held out: " + held_out, std::move(points), color, true});
}

void draw(const Options& options) {
  Plot plot{label(options.x), label(options.y), options.log_x, options.log_y, {}};
  for (std::size_t i = 0; i < options.logs.size(); ++i) {
    const fs::path& log = options.logs[i];
    const LogTable table(log);
    if (table.rows() == 0) throw std::runtime_error(log.string() + ": holds no line of values yet");
    const std::vector<double> x = table.numbers(options.x), y = table.numbers(options.y);
    Curve curve{name_of(log), {}, static_cast<int>(i), false};
    for (std::size_t row = 0; row < table.rows(); ++row) add(curve.points, x[row], y[row]);
    plot.curves.push_back(std::move(curve));
    const fs::path heldout = fs::absolute(log).parent_path() / "heldout.csv";
    const bool comparable = options.y == "loss" && (options.x == "tokens" || options.x == "step");
    if (comparable && log.filename() == "log.csv" && fs::exists(heldout)) {
      add_heldout(heldout, options.x, plot.curves.back().name, static_cast<int>(i), plot);
    }
  }
  write_plot(plot, options.output);
}

}  // namespace

void plot_training(const fs::path& folder) {
  Options options;
  options.logs = {folder / "log.csv"};
  options.output = folder / "loss.png";
  draw(options);
}

void add_plot_command(CLI::App& program, int& exit_code) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      program.add_subcommand("plot", "Draw training logs (log.csv of a model folder), one over the other, into a PNG");
  command->add_option("LOG.csv", options->logs, "Logs to draw; with the loss also the heldout.csv beside each log.csv")
      ->required();
  command->add_option("-o,--output", options->output, "PNG to write")->required();
  command->add_option("--x", options->x, "Column along the bottom")->capture_default_str();
  command->add_option("--y", options->y, "Column up the side")->capture_default_str();
  command->add_flag("--log-x", options->log_x, "Logarithmic scale along the bottom");
  command->add_flag("--log-y", options->log_y, "Logarithmic scale up the side");
  command->callback([options, &exit_code] {
    draw(*options);
    exit_code = 0;
  });
}

}  // namespace catena::app
