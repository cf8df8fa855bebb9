// Screen readers see the editor through QScintilla's own interface, which counts all characters before the cursor at
// each paint: 6 ms in a megabyte. So it is made only while a screen reader listens.
#pragma once

namespace catena::ui {

/// After the first QsciScintillaBase was made. Once a process; further calls do nothing.
void installEditorAccessibility();

/// Whether a screen reader listens now.
bool screenReaderListens();

}  // namespace catena::ui
