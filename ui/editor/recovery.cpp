#include "ui/editor/recovery.h"

#include <QDir>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSaveFile>
#include <QUuid>

#include "ui/format.h"

namespace catena::ui {

RecoveryStore::RecoveryStore(const QString& folder) : folder_(folder) {
  QDir().mkpath(folder_);
  QFile::setPermissions(folder_, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);  // it holds private text
  worker_.setMaxThreadCount(1);
}

RecoveryStore::~RecoveryStore() { worker_.waitForDone(); }

QString RecoveryStore::newId() { return QUuid::createUuid().toString(QUuid::WithoutBraces); }

QString RecoveryStore::fileOf(const QString& id) const { return folder_ + QStringLiteral("/") + id + ".recovery"; }

void RecoveryStore::keep(const RecoveryEntry& entry) {
  worker_.start([this, entry, path = fileOf(entry.id)] {
    const QJsonObject head{{"path", entry.path},
                           {"name", entry.name},
                           {"cursor", entry.cursor},
                           {"byte_order_mark", entry.byte_order_mark}};
    QSaveFile file(path);
    bool ok = file.open(QIODevice::WriteOnly);
    if (ok) {
      const QByteArray line = QJsonDocument(head).toJson(QJsonDocument::Compact) + '\n';
      ok = file.write(line) == line.size() && file.write(entry.text) == entry.text.size() && file.commit();
    }
    problem_ = ok ? QString()
                  : QStringLiteral("Unsaved text cannot be kept in %1 (%2): save your files.")
                        .arg(shortName(folder_), file.errorString());
  });
}

void RecoveryStore::drop(const QString& id) {
  worker_.start([path = fileOf(id)] { QFile::remove(path); });
}

QList<RecoveryEntry> RecoveryStore::load() {
  worker_.waitForDone();
  QList<RecoveryEntry> entries;
  const QDir folder(folder_);
  for (const QString& name : folder.entryList({"*.recovery"}, QDir::Files, QDir::Time | QDir::Reversed)) {
    QFile file(folder.filePath(name));
    if (!file.open(QIODevice::ReadOnly)) continue;
    const QJsonObject head = QJsonDocument::fromJson(file.readLine()).object();
    if (!head.contains("name")) continue;
    RecoveryEntry entry;
    entry.id = name.chopped(9);
    entry.path = head["path"].toString();
    entry.name = head["name"].toString();
    entry.cursor = head["cursor"].toInt();
    entry.byte_order_mark = head["byte_order_mark"].toBool();
    entry.text = file.readAll();
    entries.append(entry);
  }
  return entries;
}

QString RecoveryStore::flush() {
  worker_.waitForDone();
  return problem_;
}

}  // namespace catena::ui
