// Fonts and colours of the editor. Only Scintilla's own incremental lexers are used: they colour what is visible.
#pragma once

#include <QFont>
#include <QString>

class QsciScintillaBase;
class QWidget;

namespace catena::ui {

struct Colors;

/// The fixed-width font of the system at the editor's zoom.
QFont editorFont(const QsciScintillaBase* editor);

/// Sets lexer (by the file's suffix, plain text when unknown or empty), fonts and colours.
void applyEditorStyle(QsciScintillaBase& editor, const QString& file_name, const Colors& colors);

}  // namespace catena::ui
