#include "ui/editor/editor_style.h"

#include <QFileInfo>
#include <QFontDatabase>
#include <QHash>
#include <vector>

#include "ui/editor/scintilla.h"
#include "ui/theme.h"

namespace catena::ui {
namespace {

using Sci = QsciScintillaBase;

struct StyleColor {
  std::vector<int> styles;
  QColor Colors::*color;
};

struct Language {
  const char* lexer;  // Scintilla's name
  std::vector<const char*> keywords;
  std::vector<StyleColor> styles;
};

const char* const cpp_words =
    "alignas alignof asm auto break case catch class concept const consteval constexpr constinit const_cast continue "
    "co_await co_return co_yield decltype default delete do dynamic_cast else enum explicit export extern false final "
    "for "
    "friend goto if inline mutable namespace new noexcept nullptr operator override private protected public register "
    "reinterpret_cast requires return sizeof static static_assert static_cast struct switch template this thread_local "
    "throw true try typedef typeid typename union using virtual volatile while";
const char* const cpp_types =
    "bool char char8_t char16_t char32_t double float int int8_t int16_t int32_t int64_t long short signed size_t "
    "ssize_t uint8_t uint16_t uint32_t uint64_t unsigned void wchar_t std string vector map";
const char* const js_words =
    "abstract as async await break case catch class const continue debugger default delete do else enum export extends "
    "false finally fn for from function if impl implements import in instanceof interface let mut new null of package "
    "pub return static super switch this throw true try type typeof undefined use var void while with yield";
const char* const python_words =
    "False None True and as assert async await break class continue def del elif else except finally for from global "
    "if "
    "import in is lambda match nonlocal not or pass raise return try while with yield case";
const char* const shell_words =
    "case do done elif else esac exit export fi for function if in local return set shift then until while";

const std::vector<StyleColor> c_styles = {
    {{1, 2, 3, 15, 17, 18, 23}, &Colors::comment},     {{4}, &Colors::number},       {{5}, &Colors::keyword},
    {{6, 7, 12, 13, 14, 20, 21, 27}, &Colors::string}, {{9}, &Colors::preprocessor}, {{16}, &Colors::type}};

const Language* languageOf(const QString& file_name) {
  static const Language cpp{"cpp", {cpp_words, cpp_types}, c_styles};
  static const Language js{"cpp", {js_words, ""}, c_styles};
  static const Language python{"python",
                               {python_words},
                               {{{1, 12}, &Colors::comment},
                                {{2}, &Colors::number},
                                {{3, 4, 6, 7, 13, 16, 17, 18, 19}, &Colors::string},
                                {{5}, &Colors::keyword},
                                {{8, 9}, &Colors::type},
                                {{15}, &Colors::preprocessor}}};
  static const Language shell{"bash",
                              {shell_words},
                              {{{2}, &Colors::comment},
                               {{3}, &Colors::number},
                               {{4}, &Colors::keyword},
                               {{5, 6, 11, 12, 13}, &Colors::string},
                               {{9, 10}, &Colors::type}}};
  static const Language markdown{"markdown",
                                 {},
                                 {{{2, 3, 4, 5}, &Colors::text},
                                  {{6, 7, 8, 9, 10, 11}, &Colors::keyword},
                                  {{13, 14}, &Colors::type},
                                  {{15}, &Colors::comment},
                                  {{18}, &Colors::preprocessor},
                                  {{19, 20, 21}, &Colors::string}}};
  static const QHash<QString, const Language*> languages = [] {
    QHash<QString, const Language*> map;
    for (const char* s : {"c", "cc", "cpp", "cxx", "h", "hh", "hpp", "hxx", "cu", "cuh", "ino"}) map.insert(s, &cpp);
    for (const char* s : {"js", "mjs", "ts", "tsx", "jsx", "java", "rs", "go", "json", "cs", "kt"}) map.insert(s, &js);
    for (const char* s : {"py", "pyi", "pyw"}) map.insert(s, &python);
    for (const char* s : {"sh", "bash"}) map.insert(s, &shell);
    for (const char* s : {"md", "markdown"}) map.insert(s, &markdown);
    return map;
  }();
  return languages.value(QFileInfo(file_name).suffix().toLower(), nullptr);
}

void setStyle(Sci& editor, int style, const QColor& fore, const QColor& back) {
  editor.SendScintilla(Sci::SCI_STYLESETFORE, static_cast<unsigned long>(style), fore);
  editor.SendScintilla(Sci::SCI_STYLESETBACK, static_cast<unsigned long>(style), back);
}

}  // namespace

QFont editorFont(const QsciScintillaBase* editor) {
  QFont font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
  const double points = font.pointSizeF() > 0 ? font.pointSizeF() : 10;
  const auto zoom = static_cast<double>(editor->SendScintilla(Sci::SCI_GETZOOM));
  font.setPointSizeF(qMax(4.0, points + zoom));
  return font;
}

void applyEditorStyle(QsciScintillaBase& editor, const QString& file_name, const Colors& colors) {
  const Language* language = languageOf(file_name);
  editor.SendScintilla(Sci::SCI_SETLEXERLANGUAGE, static_cast<uintptr_t>(0), language ? language->lexer : "null");
  const QFont font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
  const double points = font.pointSizeF() > 0 ? font.pointSizeF() : 10;
  const QByteArray family = font.family().toUtf8();
  editor.SendScintilla(Sci::SCI_STYLESETFONT, static_cast<uintptr_t>(Sci::STYLE_DEFAULT), family.constData());
  editor.SendScintilla(Sci::SCI_STYLESETSIZEFRACTIONAL, static_cast<unsigned long>(Sci::STYLE_DEFAULT),
                       static_cast<long>(points * 100));
  setStyle(editor, Sci::STYLE_DEFAULT, colors.text, colors.paper);
  editor.SendScintilla(Sci::SCI_STYLECLEARALL);
  setStyle(editor, Sci::STYLE_LINENUMBER, colors.dim_text, colors.margin);
  if (language) {
    for (std::size_t i = 0; i < language->keywords.size(); ++i)
      editor.SendScintilla(Sci::SCI_SETKEYWORDS, static_cast<uintptr_t>(i), language->keywords[i]);
    for (const StyleColor& entry : language->styles)
      for (const int style : entry.styles) setStyle(editor, style, colors.*entry.color, colors.paper);
  }
  editor.SendScintilla(Sci::SCI_SETCARETFORE, colors.text);
  editor.SendScintilla(Sci::SCI_SETCARETLINEVISIBLE, 1UL);
  editor.SendScintilla(Sci::SCI_SETCARETLINEBACK, colors.caret_line);
  editor.SendScintilla(Sci::SCI_SETSELFORE, 0UL, colors.text);
  editor.SendScintilla(Sci::SCI_SETSELBACK, 1UL, colors.selection);
  editor.SendScintilla(Sci::SCI_SETWHITESPACEFORE, 0UL, colors.dim_text);
}

}  // namespace catena::ui
