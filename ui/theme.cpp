#include "ui/theme.h"

#include <QApplication>
#include <QStyleFactory>

namespace catena::ui {
namespace {

Colors lightColors() {
  Colors c;
  c.paper = "#ffffff", c.text = "#1d1f21", c.dim_text = "#5f6670", c.ghost = "#868d96", c.caret_line = "#f3f6fa";
  c.selection = "#c7ddf7", c.margin = "#f2f2f3";
  c.chart = "#ffffff", c.chart_grid = "#e3e5e8", c.notice = "#fff3d1", c.good = "#1f7a3d", c.warning = "#a65f00",
  c.bad = "#c0262d";
  c.series_a = "#1f6fbf", c.series_b = "#b0562b", c.mark = "#7a4fb5";
  c.lines = {"#1f6fbf", "#b0562b", "#c0262d", "#1f7a3d", "#7a4fb5",
             "#0f7f86", "#8a6d00", "#b0307f", "#4a5560", "#5b7f1f"};
  c.keyword = "#7a3e9d", c.type = "#1b6f8a", c.string = "#2f7d32", c.number = "#9a5b00", c.comment = "#6c7680";
  c.preprocessor = "#8a4b2a";
  return c;
}

Colors darkColors() {
  Colors c;
  c.dark = true;
  c.paper = "#1e2024", c.text = "#dfe2e6", c.dim_text = "#a2a9b3", c.ghost = "#7d8590", c.caret_line = "#262a30";
  c.selection = "#2f4d73", c.margin = "#24272c";
  c.chart = "#1e2024", c.chart_grid = "#343941", c.notice = "#463a1c", c.good = "#5fc27e", c.warning = "#e0a63c",
  c.bad = "#f0716f";
  c.series_a = "#62aef0", c.series_b = "#e39a6b", c.mark = "#b892ee";
  c.lines = {"#62aef0", "#e39a6b", "#f0716f", "#5fc27e", "#b892ee",
             "#4fc3c9", "#d9b84a", "#ec7fc0", "#aab4c0", "#a5cf5f"};
  c.keyword = "#c594e0", c.type = "#6fc3dc", c.string = "#8fce8c", c.number = "#e2b26b", c.comment = "#8b939d";
  c.preprocessor = "#d6a07c";
  return c;
}

QPalette lightPalette() {
  QPalette p(QColor("#f0f0f1"));
  p.setColor(QPalette::WindowText, "#1d1f21");
  p.setColor(QPalette::Base, "#ffffff");
  p.setColor(QPalette::Text, "#1d1f21");
  p.setColor(QPalette::ButtonText, "#1d1f21");
  p.setColor(QPalette::Highlight, "#1f6fbf");
  p.setColor(QPalette::HighlightedText, "#ffffff");
  p.setColor(QPalette::Link, "#1f6fbf");
  p.setColor(QPalette::PlaceholderText, "#5f6670");
  p.setColor(QPalette::ToolTipBase, "#ffffff");
  p.setColor(QPalette::ToolTipText, "#1d1f21");
  for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
    p.setColor(QPalette::Disabled, role, "#8b9198");
  return p;
}

QPalette darkPalette() {
  QPalette p(QColor("#2a2d33"));
  p.setColor(QPalette::WindowText, "#dfe2e6");
  p.setColor(QPalette::Base, "#1e2024");
  p.setColor(QPalette::AlternateBase, "#26292f");
  p.setColor(QPalette::Text, "#dfe2e6");
  p.setColor(QPalette::Button, "#33373e");
  p.setColor(QPalette::ButtonText, "#dfe2e6");
  p.setColor(QPalette::BrightText, "#ffffff");
  p.setColor(QPalette::Highlight, "#3b82c9");
  p.setColor(QPalette::HighlightedText, "#ffffff");
  p.setColor(QPalette::Link, "#62aef0");
  p.setColor(QPalette::PlaceholderText, "#a2a9b3");
  p.setColor(QPalette::ToolTipBase, "#33373e");
  p.setColor(QPalette::ToolTipText, "#dfe2e6");
  for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
    p.setColor(QPalette::Disabled, role, "#7c838c");
  return p;
}

bool isDark(const QPalette& p) {
  return p.color(QPalette::Window).lightness() < p.color(QPalette::WindowText).lightness();
}

}  // namespace

const Colors& colorsFor(const QPalette& palette) {
  static const Colors light = lightColors();
  static const Colors dark = darkColors();
  return isDark(palette) ? dark : light;
}

void applyTheme(Theme theme) {
  static const bool desktop_is_dark = isDark(QGuiApplication::palette());  // asked before we set a palette
  const bool dark = theme == Theme::dark || (theme == Theme::system && desktop_is_dark);
  QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
  QApplication::setPalette(dark ? darkPalette() : lightPalette());
}

}  // namespace catena::ui
