package dev.millrace.replay;

import dev.millrace.event.Features;
import dev.millrace.event.UnusableEventException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A column that is a feature.
 *
 * @param column its name, or path
 * @param kind how its text becomes a value
 * @param separator between the values of a bag or vector
 * @param name of the feature
 */
record FeatureColumn(String column, Kind kind, String separator, String name) {

    private static final Pattern SYNTAX =
            Pattern.compile("(?:(category|number)|(bag|vector)(?:\\s+(\\S+))??)(?:\\s+as\\s+(\\S+))?");

    /** The rule that {@link #parse} applies. */
    static final String RULE =
            "must be category, number, bag SEPARATOR or vector SEPARATOR, then, if you like, as NAME";

    /** How the text of a cell becomes a value. */
    enum Kind {
        CATEGORY,
        NUMBER,
        BAG,
        VECTOR
    }

    /** Reads a line of the mapping such as {@code genres = bag | as genre}. Returns empty if it breaks the rule. */
    static Optional<FeatureColumn> parse(String column, String text) {
        Matcher matcher = SYNTAX.matcher(text.strip());
        if (column.isBlank() || !matcher.matches()) {
            return Optional.empty();
        }
        String name = Optional.ofNullable(matcher.group(4)).orElse(column);
        Optional<String> single = Optional.ofNullable(matcher.group(1));
        if (single.isPresent()) {
            return Optional.of(
                    new FeatureColumn(column, single.get().equals("number") ? Kind.NUMBER : Kind.CATEGORY, "", name));
        }
        String given = Optional.ofNullable(matcher.group(3)).orElse(",");
        String separator = given.equals("space") ? " " : given.equals("tab") ? "\t" : given;
        return Optional.of(
                new FeatureColumn(column, "bag".equals(matcher.group(2)) ? Kind.BAG : Kind.VECTOR, separator, name));
    }

    /** The values that a row has in some columns. */
    static Features read(List<FeatureColumn> columns, Row row) {
        FeatureRow features = new FeatureRow();
        columns.forEach(column -> column.addTo(features, row));
        return features.features();
    }

    private void addTo(FeatureRow features, Row row) {
        switch (kind) {
            case CATEGORY -> features.category(name, row.text(column));
            case NUMBER -> features.quantity(name, row.number(column));
            case BAG -> features.bag(name, row.texts(column, separator));
            case VECTOR -> features.dense(name, components(row.texts(column, separator)));
        }
    }

    private List<Float> components(List<String> texts) {
        return texts.stream().map(this::component).toList();
    }

    private Float component(String text) {
        float component = (float) Row.number(column, text);
        if (!Float.isFinite(component)) {
            throw new UnusableEventException(column, text, "must be finite as a 32-bit number");
        }
        return component;
    }
}
