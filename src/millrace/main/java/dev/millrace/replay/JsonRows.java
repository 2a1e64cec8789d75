package dev.millrace.replay;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.state.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * Makes rows of JSON objects. One thread.
 *
 * <p>A column is a path, names separated by dots, or a name that itself contains dots.
 */
final class JsonRows {

    private final List<String> paths;
    private final Fingerprints fingerprints = new Fingerprints();

    JsonRows(List<String> paths) {
        this.paths = paths;
    }

    /** Fingerprints of rows: the same for the same content. One thread. */
    static final class Fingerprints {

        private static final int BYTES = 16;

        private final MessageDigest digest = Sha256.start();

        String of(String content) {
            byte[] hash = digest.digest(content.getBytes(StandardCharsets.UTF_8));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(hash, BYTES));
        }
    }

    /** @param text of the object, which its fingerprint is made of */
    Row row(long line, String text, JsonNode object) {
        List<String> chosen = new ArrayList<>(paths.size());
        for (String path : paths) {
            chosen.add(cell(found(object, path)));
        }
        return new Row(line, fingerprints.of(text.strip()), paths, chosen);
    }

    private static JsonNode found(JsonNode object, String path) {
        JsonNode node = object;
        String rest = path;
        int dot = rest.indexOf('.');
        while (dot >= 0 && node.isObject() && node.path(rest).isMissingNode()) {
            node = node.path(rest.substring(0, dot));
            rest = rest.substring(dot + 1);
            dot = rest.indexOf('.');
        }
        return node.path(rest);
    }

    private static String cell(JsonNode node) {
        if (node.isArray()) {
            StringBuilder elements = new StringBuilder();
            node.forEach(element -> elements.append(Row.ARRAY).append(scalar(element)));
            return elements.toString();
        }
        return scalar(node);
    }

    private static String scalar(JsonNode node) {
        return node.isNull() ? "" : node.asText().strip();
    }
}
