#include <algorithm>
#include <string>
#include <vector>

struct Item {
  std::string name;
  int count = 0;
  double price = 0;
};

class Inventory {
 public:
  void add(const Item& item) { items_.push_back(item); }
  std::size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }

  const Item* find(const std::string& name) const {
    for (const Item& item : items_) {
      if (item.name == name) return &item;
    }
    return nullptr;
  }

  double total() const {
    double total = 0;
    for (const Item& item : items_) {
      total += item.price * item.count;
    }
    return total;
  }

 private:
  std::vector<Item> items_;
};

