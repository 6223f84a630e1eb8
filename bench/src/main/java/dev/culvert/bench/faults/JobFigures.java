package dev.culvert.bench.faults;

import java.util.Map;

/// What a job of the generator came to, by name.
record JobFigures(Map<String, String> values) {
    String text(String name) {
        String value = values.get(name);
        if (value == null) {
            throw new TrialFailure("the generator told no figure `" + name + "`: " + values);
        }
        return value;
    }

    double number(String name) {
        return Double.parseDouble(text(name));
    }

    int count(String name) {
        return Integer.parseInt(text(name));
    }
}
