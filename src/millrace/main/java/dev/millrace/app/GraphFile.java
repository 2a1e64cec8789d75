package dev.millrace.app;

import dev.millrace.model.graph.GraphText;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * The file of a graph that a setting names. What it holds takes the place of its name: a model's settings go to servers, which do not have the
 * file, and to the state, which goes on with the same graph only.
 *
 * <p>Of a network that DL4J saved, configuration and parameters are read, without Java's deserialisation.
 */
final class GraphFile {

    private static final Pattern KEY = Pattern.compile("tower\\.channel\\.[^.]+\\.(user|item)\\.graph");
    private static final int MOST_BYTES = 4 << 20; // JSON in lines is several times as long as without
    private static final String CONFIGURATION = "configuration.json";
    private static final String PARAMETERS = "coefficients.bin";
    /** What a saved network may have beside those, which is not read. */
    private static final List<String> UNREAD = List.of("updaterState.bin", "noParams.marker");

    private GraphFile() {}

    /** Returns settings with what stands in the files that they name. */
    static Map<String, String> contents(Map<String, String> settings, Path folder) {
        Map<String, String> contents = new TreeMap<>(settings);
        contents.replaceAll((key, value) -> content(key, value, folder));
        return contents;
    }

    /**
     * Returns the setting, or what stands in the file that it names.
     *
     * @param folder that the name is relative to
     * @throws InvalidSettingsException if the file cannot be used
     */
    static String content(String key, String value, Path folder) {
        if (!KEY.matcher(key).matches() || value.isBlank()) {
            return value;
        }
        try {
            if (value.startsWith("{")) {
                return GraphText.compact(value);
            }
            Path file = folder.resolve(value);
            require(Files.isReadable(file), "must be a readable file");
            require(Files.size(file) <= MOST_BYTES, "must have at most " + MOST_BYTES + " bytes");
            return value.endsWith(".zip") ? saved(file) : GraphText.compact(Files.readString(file));
        } catch (IOException | IllegalArgumentException unusable) {
            throw new InvalidSettingsException(
                    List.of(new SettingFault(key, value, String.valueOf(unusable.getMessage()))));
        }
    }

    private static String saved(Path file) throws IOException {
        Map<String, byte[]> parts = new HashMap<>();
        try (ZipFile zip = new ZipFile(file.toFile())) {
            for (ZipEntry entry : zip.stream().toList()) {
                String name = entry.getName();
                boolean isRead = List.of(CONFIGURATION, PARAMETERS).contains(name);
                require(isRead || UNREAD.contains(name), "must be a network alone: it has " + name);
                if (isRead) {
                    byte[] part = zip.getInputStream(entry).readNBytes(MOST_BYTES + 1);
                    require(part.length <= MOST_BYTES, name + " in it must have at most " + MOST_BYTES + " bytes");
                    parts.put(name, part);
                }
            }
        }
        String configuration = new String(part(parts, CONFIGURATION), StandardCharsets.UTF_8);
        return GraphText.of(configuration, numbers(part(parts, PARAMETERS)));
    }

    private static byte[] part(Map<String, byte[]> parts, String name) {
        require(parts.containsKey(name), "must be a network that DL4J saved: it has no " + name);
        return parts.getOrDefault(name, new byte[0]);
    }

    /** Reads an array of floats in ND4J's own form: for shape and numbers each how they are kept, length and type, then the elements. */
    private static float[] numbers(byte[] array) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(array));
        in.readUTF();
        in.skipNBytes(in.readLong() * elementBytes(in.readUTF()));
        in.readUTF();
        long length = in.readLong();
        String type = in.readUTF();
        require(type.equals("FLOAT"), "must have parameters of type FLOAT, not " + type);
        require(length * Float.BYTES == in.available(), PARAMETERS + " in it is damaged");
        float[] numbers = new float[(int) length];
        for (int at = 0; at < numbers.length; at++) {
            numbers[at] = in.readFloat();
        }
        return numbers;
    }

    private static int elementBytes(String type) {
        return type.equals("LONG") ? Long.BYTES : Integer.BYTES;
    }

    private static void require(boolean holds, String rule) {
        if (!holds) {
            throw new IllegalArgumentException(rule);
        }
    }
}
