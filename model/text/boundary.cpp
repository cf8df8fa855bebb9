#include "model/text/boundary.h"

namespace catena::model {
namespace {

constexpr int tab_columns = 4;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool opens(char c) { return c == '(' || c == '['; }
bool closes(char c) { return c == ')' || c == ']'; }

std::optional<std::size_t> line_end(std::string_view text) {
  bool says_something = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && says_something) return i;
    says_something = says_something || (text[i] != '\n' && !is_blank(text[i]));
  }
  return std::nullopt;
}

std::optional<std::size_t> statement_end(std::string_view text) {
  bool says_something = false;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n' && says_something && depth <= 0) return i;
    if (c == ';' && depth <= 0) return i + 1;
    const bool sentence = i > 0 && is_letter(text[i - 1]) && (c == '.' || c == '!' || c == '?');
    if (sentence && i + 1 < text.size() && text[i + 1] == ' ') return i + 1;
    depth += opens(c) ? 1 : closes(c) ? -1 : 0;
    says_something = says_something || (c != '\n' && !is_blank(c));
  }
  return std::nullopt;
}

std::optional<std::size_t> block_end(const LineStart& start, std::string_view text) {
  const int deep_enough = start.blank ? start.indentation : start.indentation + 1;
  std::size_t said = 0;  // end of the last line that says something
  LineStart line = start;
  bool first_line = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') {
      if (!line.blank) said = i;
      line = {};
      first_line = false;
      continue;
    }
    const bool was_blank = line.blank;
    line.read(text.substr(i, 1));
    if (first_line || line.blank || !was_blank || line.indentation >= deep_enough || said == 0) continue;
    const bool closing = text[i] == '}' || closes(text[i]);
    if (!closing || line.indentation < deep_enough - 1) return said;
    const std::size_t end = text.find('\n', i);
    return end == std::string_view::npos ? std::nullopt : std::optional(end);
  }
  return std::nullopt;
}

}  // namespace

void LineStart::read(std::string_view text) {
  for (const char c : text) {
    if (c == '\n') {
      *this = {};
    } else if (blank && c == ' ') {
      ++indentation;
    } else if (blank && c == '\t') {
      indentation += tab_columns - indentation % tab_columns;
    } else if (c != '\r') {
      blank = false;
    }
  }
}

std::optional<std::size_t> find_boundary(Boundary boundary, const LineStart& start, std::string_view text) {
  switch (boundary) {
    case Boundary::none:
      return std::nullopt;
    case Boundary::line:
      return line_end(text);
    case Boundary::statement:
      return statement_end(text);
    case Boundary::block:
      return block_end(start, text);
  }
  return std::nullopt;
}

}  // namespace catena::model
