package dev.millrace.workshop.evaluate;

import dev.millrace.app.MillraceSettings;
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
import java.util.function.Function;
import java.util.stream.Stream;

/** Configurations that each change a few keys of one other, by name. */
public final class Overlays {

    private static final String DEFAULT = "default";
    private static final String SUFFIX = ".properties";

    private Overlays() {}

    /**
     * Reads the settings of all configurations before anything runs.
     *
     * @param paths settings files, and folders of them
     * @param settings reads the settings with the files given, which hold over the others
     * @return by name: first {@value #DEFAULT}, without a file of its own, then the others in the order of the list and
     *     within a folder by name
     * @throws InvalidSettingsException if there is a fault in any of them; it has every fault
     */
    public static Map<String, MillraceSettings> read(
            List<Path> paths, Function<List<Path>, MillraceSettings> settings) {
        Map<String, MillraceSettings> configurations = new LinkedHashMap<>();
        List<SettingFault> faults = new ArrayList<>();
        configurations.put(DEFAULT, settings.apply(List.of()));
        files(paths).forEach((name, file) -> {
            try {
                configurations.put(name, settings.apply(List.of(file)));
            } catch (InvalidSettingsException invalid) {
                invalid.faults()
                        .forEach(fault ->
                                faults.add(new SettingFault(name + ": " + fault.path(), fault.value(), fault.rule())));
            }
        });
        if (!faults.isEmpty()) {
            throw new InvalidSettingsException(faults);
        }
        return configurations;
    }

    /** The files by folder and name, such as {@code towers/senet}. */
    private static Map<String, Path> files(List<Path> paths) {
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
