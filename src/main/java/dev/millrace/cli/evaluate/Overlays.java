package dev.millrace.cli.evaluate;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Settings files that each change a few keys of another, by name. */
public final class Overlays {

    private static final String SUFFIX = ".properties";

    private Overlays() {}

    /**
     * The files named, and those of the folders named, in the order of the list and within a folder by name.
     *
     * @return by folder and name, {@code towers/senet}
     */
    public static Map<String, Path> of(List<Path> paths) {
        Map<String, Path> overlays = new LinkedHashMap<>();
        List<SettingFault> faults = new ArrayList<>();
        for (Path path : paths) {
            if (Files.isDirectory(path)) {
                List<Path> files = within(path);
                files.forEach(file -> overlays.put(name(file), file));
                if (files.isEmpty()) {
                    faults.add(new SettingFault("--table", path.toString(), "must hold files named *" + SUFFIX));
                }
            } else if (Files.isReadable(path)) {
                overlays.put(name(path), path);
            } else {
                faults.add(new SettingFault("--table", path.toString(), "must be a readable file or folder"));
            }
        }
        if (!faults.isEmpty()) {
            throw new InvalidSettingsException(faults);
        }
        return overlays;
    }

    private static List<Path> within(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(SUFFIX))
                    .sorted()
                    .toList();
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot list " + folder, failure);
        }
    }

    private static String name(Path file) {
        Path whole = file.toAbsolutePath().normalize();
        int names = whole.getNameCount();
        String last = names > 1 ? whole.subpath(names - 2, names).toString() : whole.toString();
        return last.endsWith(SUFFIX) ? last.substring(0, last.length() - SUFFIX.length()) : last;
    }
}
