package dev.culvert.bench.generator;

import java.util.Map;

/// What the controller asked for, by name. A missing one without a default is the controller's fault.
record Settings(Map<String, String> values) {
    String text(String name) {
        String value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("the setting " + name + " is missing");
        }
        return value;
    }

    int number(String name) {
        return Integer.parseInt(text(name));
    }

    int number(String name, int otherwise) {
        return values.containsKey(name) ? number(name) : otherwise;
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    /// An IPv4 address as an int.
    int address(String name) {
        int result = 0;
        for (String part : text(name).split("\\.", -1)) {
            result = result << 8 | Integer.parseInt(part);
        }
        return result;
    }
}
