package dev.millrace.serve;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * A file of the page, from the class path.
 *
 * @param contentType as its name says
 * @param tag of its content, as {@code ETag} gives it
 */
record PageFile(String contentType, byte[] bytes, String tag) {

    private static final String UPLOT = "/META-INF/resources/webjars/uplot/1.6.30/dist/";

    /** By name; {@code index.html} is the page itself. */
    static final Map<String, PageFile> BY_NAME = all();

    private static Map<String, PageFile> all() {
        Map<String, PageFile> files = new HashMap<>();
        for (String name : List.of(
                "index.html",
                "page.css",
                "icon.svg",
                "main.js",
                "access.js",
                "text.js",
                "charts.js",
                "experiment.js",
                "figures.js",
                "tables.js",
                "letters.js",
                "meanings.js",
                "operations.js",
                "way.js",
                "trial.js",
                "map.js")) {
            files.put(name, read("/dev/millrace/page/" + name));
        }
        for (String name : List.of("uPlot.esm.js", "uPlot.min.css")) {
            files.put(name, read(UPLOT + name));
        }
        return Map.copyOf(files);
    }

    private static PageFile read(String resource) {
        try (InputStream in = PageFile.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException(resource + " is not on the class path");
            }
            byte[] bytes = in.readAllBytes();
            CRC32 sum = new CRC32();
            sum.update(bytes);
            String tag = "\"" + Long.toHexString(sum.getValue()) + "-" + bytes.length + "\"";
            return new PageFile(contentType(resource), bytes, tag);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static String contentType(String name) {
        return switch (name.substring(name.lastIndexOf('.') + 1)) {
            case "html" -> "text/html; charset=utf-8";
            case "css" -> "text/css; charset=utf-8";
            case "js" -> "text/javascript; charset=utf-8";
            case "svg" -> "image/svg+xml";
            default -> throw new IllegalStateException(name + " is of no known type");
        };
    }
}
