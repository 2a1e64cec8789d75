package dev.millrace.wire;

import org.apache.avro.Schema;
import org.apache.avro.SchemaParseException;

/**
 * What a writer's schema from outside may be: it comes from an operator's file, or from a registry into which producers write.
 *
 * <p>Reading a record takes time and memory in the size of its schema, with each named type written out where it is used. That size may
 * grow exponentially with the text, and without end if a type contains itself.
 */
final class SchemaBounds {

    private static final int MAX_CHARACTERS = 1 << 20;
    private static final int MAX_DEPTH = 50;
    private static final int MAX_TYPES = 10_000;
    private static final int MAX_NESTING = 200; // of the JSON text: a type in a type takes up to four levels

    private int types;

    private SchemaBounds() {}

    /**
     * The text of a schema, if it may be parsed.
     *
     * @throws SchemaParseException if it is too long or nested too deeply
     */
    static String checked(String text) {
        require(text.length() <= MAX_CHARACTERS, text.length() + " characters", MAX_CHARACTERS + " characters");
        int depth = 0;
        boolean isQuoted = false;
        for (int at = 0; at < text.length(); at++) {
            char letter = text.charAt(at);
            if (isQuoted) {
                if (letter == '\\') {
                    at++;
                } else {
                    isQuoted = letter != '"';
                }
            } else if (letter == '"') {
                isQuoted = true;
            } else if (letter == '{' || letter == '[') {
                depth++;
                require(depth <= MAX_NESTING, "a deeper nesting", MAX_NESTING + " levels of JSON");
            } else if (letter == '}' || letter == ']') {
                depth--;
            }
        }
        return text;
    }

    /**
     * The schema, if records may be read with it.
     *
     * @throws SchemaParseException if it has too many types, is nested too deeply, or contains itself
     */
    static Schema checked(Schema schema) {
        new SchemaBounds().count(schema, 1);
        return schema;
    }

    private void count(Schema schema, int depth) {
        types++;
        require(types <= MAX_TYPES, "more types", MAX_TYPES + " types, each counted where it is used");
        require(
                depth <= MAX_DEPTH,
                "a deeper nesting",
                MAX_DEPTH + " types in one another; a type may not contain itself");
        switch (schema.getType()) {
            case RECORD -> schema.getFields().forEach(field -> count(field.schema(), depth + 1));
            case ARRAY -> count(schema.getElementType(), depth + 1);
            case MAP -> count(schema.getValueType(), depth + 1);
            case UNION -> schema.getTypes().forEach(type -> count(type, depth + 1));
            case FIXED ->
                require(
                        schema.getFixedSize() <= MAX_CHARACTERS,
                        schema.getFullName() + " of " + schema.getFixedSize() + " bytes",
                        MAX_CHARACTERS + " bytes");
            case ENUM, STRING, BYTES, INT, LONG, FLOAT, DOUBLE, BOOLEAN, NULL -> {}
        }
    }

    private static void require(boolean holds, String found, String rule) {
        if (!holds) {
            throw new SchemaParseException("has " + found + ": a schema from outside has at most " + rule);
        }
    }
}
