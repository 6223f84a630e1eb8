package dev.culvert.bench.lab;

import java.util.Map;

/// What a job of the generator came to, by name.
public record JobFigures(Map<String, String> values) {
    public String text(String name) {
        String value = values.get(name);
        if (value == null) {
            throw new TrialFailure("the generator told no figure `" + name + "`: " + values);
        }
        return value;
    }

    public double number(String name) {
        return Double.parseDouble(text(name));
    }

    public int count(String name) {
        return Integer.parseInt(text(name));
    }
}
