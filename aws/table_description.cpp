#include <algorithm>
#include <map>

#include "aws/dynamodb_client.h"
#include "base/error.h"
#include "item/json.h"

namespace ddbvault {
namespace {

using AttributeTypes = std::map<std::string, std::string>;

AttributeTypes ReadAttributeTypes(JsonReader& reader, JsonValue& definitions) {
  AttributeTypes types;
  reader.Elements(definitions, [&](JsonValue& definition) {
    std::string name;
    std::string type;
    reader.Members(definition, [&](std::string_view field, JsonValue& value) {
      if (field == "AttributeName") {
        name = reader.String(value);
      } else if (field == "AttributeType") {
        type = reader.String(value);
      } else {
        reader.Text(value);
      }
    });
    types[name] = type;
  });
  return types;
}

// The partition key first, whatever the order in the answer.
KeySchema ReadKeySchema(JsonReader& reader, JsonValue& schema) {
  KeySchema keys;
  reader.Elements(schema, [&](JsonValue& element) {
    KeyAttribute attribute;
    bool partition_key = false;
    reader.Members(element, [&](std::string_view field, JsonValue& value) {
      if (field == "AttributeName") {
        attribute.name = reader.String(value);
      } else if (field == "KeyType") {
        partition_key = reader.String(value) == "HASH";
      } else {
        reader.Text(value);
      }
    });
    const auto at = partition_key ? keys.attributes.begin() : keys.attributes.end();
    keys.attributes.insert(at, attribute);
  });
  return keys;
}

void SetKeyTypes(KeySchema& keys, const AttributeTypes& types) {
  if (keys.attributes.size() > 2) {
    throw Error(Reaction::kCorrupt, "a table description with more than two key attributes");
  }
  for (KeyAttribute& attribute : keys.attributes) {
    const auto type = types.find(attribute.name);
    if (type == types.end()) {
      throw Error(Reaction::kCorrupt, "a table description without the type of a key attribute");
    }
    if (type->second != "S" && type->second != "N" && type->second != "B") {
      throw Error(Reaction::kCorrupt,
                  "a table description with a key attribute that is not of type S, N or B");
    }
    attribute.type = type->second[0];
  }
}

void ReadStreamSpecification(JsonReader& reader, JsonValue& specification,
                             StreamDescription& stream) {
  reader.Members(specification, [&](std::string_view field, JsonValue& value) {
    if (field == "StreamEnabled") {
      stream.enabled = reader.Bool(value);
    } else if (field == "StreamViewType") {
      stream.view_type = reader.String(value);
    } else {
      reader.Text(value);
    }
  });
}

void ReadThroughput(JsonReader& reader, JsonValue& throughput, TableDescription& table) {
  reader.Members(throughput, [&](std::string_view field, JsonValue& value) {
    if (field == "ReadCapacityUnits") {
      table.read_capacity = reader.Unsigned(value);
    } else if (field == "WriteCapacityUnits") {
      table.write_capacity = reader.Unsigned(value);
    } else {
      reader.Text(value);
    }
  });
}

bool AllActive(JsonReader& reader, JsonValue& indexes) {
  bool active = true;
  reader.Elements(indexes, [&](JsonValue& index) {
    reader.Members(index, [&](std::string_view field, JsonValue& value) {
      if (field == "IndexStatus") {
        active = reader.String(value) == "ACTIVE" && active;
      } else {
        reader.Text(value);
      }
    });
  });
  return active;
}

bool IsOnDemand(JsonReader& reader, JsonValue& summary) {
  bool on_demand = false;
  reader.Members(summary, [&](std::string_view field, JsonValue& value) {
    if (field == "BillingMode") {
      on_demand = reader.String(value) == "PAY_PER_REQUEST";
    } else {
      reader.Text(value);
    }
  });
  return on_demand;
}

// True when the field was one of the plain texts.
bool ReadText(JsonReader& reader, std::string_view field, JsonValue& value,
              TableDescription& table) {
  const std::map<std::string_view, std::string*> texts = {
      {"TableName", &table.name},
      {"TableArn", &table.arn},
      {"TableId", &table.table_id},
      {"TableStatus", &table.status},
      {"LatestStreamArn", &table.stream.arn},
      {"LatestStreamLabel", &table.stream.label},
  };
  const auto text = texts.find(field);
  if (text == texts.end()) return false;
  *text->second = reader.String(value);
  return true;
}

}  // namespace

TableDescription ParseTableDescription(std::string_view table_json) {
  TableDescription table;
  table.json = table_json;
  AttributeTypes types;
  ReadJsonObject(table_json, [&](JsonReader& reader, std::string_view field, JsonValue& value) {
    if (JsonReader::IsNull(value) || ReadText(reader, field, value, table)) return;
    if (field == "AttributeDefinitions") {
      types = ReadAttributeTypes(reader, value);
    } else if (field == "KeySchema") {
      table.key_schema = ReadKeySchema(reader, value);
    } else if (field == "StreamSpecification") {
      ReadStreamSpecification(reader, value, table.stream);
    } else if (field == "ItemCount") {
      table.item_count = reader.Unsigned(value);
    } else if (field == "TableSizeBytes") {
      table.size_bytes = reader.Unsigned(value);
    } else if (field == "BillingModeSummary") {
      table.on_demand = IsOnDemand(reader, value);
    } else if (field == "ProvisionedThroughput") {
      ReadThroughput(reader, value, table);
    } else if (field == "GlobalSecondaryIndexes") {
      table.indexes_active = AllActive(reader, value);
    } else {
      reader.Text(value);
    }
  });
  if (table.name.empty() || table.status.empty()) {
    throw Error(Reaction::kCorrupt, "a table description without a name or a status");
  }
  // A table that is being deleted is described without its keys.
  if (table.key_schema.attributes.empty() && table.status != "DELETING") {
    throw Error(Reaction::kCorrupt, "a table description without a key schema");
  }
  SetKeyTypes(table.key_schema, types);
  return table;
}

}  // namespace ddbvault
