package dev.millrace.replay;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** Finds files of a data set by name, plain or with {@code .gz}. */
public final class DataFiles {

    private DataFiles() {}

    /** Returns the file with this name in a folder, or the one with {@code .gz} appended. */
    public static Optional<Path> in(Path folder, String name) {
        for (String candidate : List.of(name, name + ".gz")) {
            Path path = folder.resolve(candidate);
            if (Files.isRegularFile(path)) {
                return Optional.of(path);
            }
        }
        return Optional.empty();
    }

    private static Path required(Path folder, String name) {
        return in(folder, name).orElseThrow(() -> missing(folder, name + " or " + name + ".gz"));
    }

    /** Returns the files whose names match a glob, sorted by name. */
    public static List<Path> matching(Path folder, String glob) {
        List<Path> found = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            try (DirectoryStream<Path> paths = Files.newDirectoryStream(folder, glob)) {
                paths.forEach(found::add);
            } catch (IOException failure) {
                throw new UncheckedIOException("cannot list " + folder, failure);
            }
        }
        Collections.sort(found);
        return found;
    }

    public static InvalidSettingsException missing(Path folder, String wanted) {
        return new InvalidSettingsException(
                List.of(new SettingFault("data", folder.toString(), "must be a folder that holds " + wanted)));
    }

    /** Returns the file with this name in a folder, plain or with {@code .gz}. It must have all the columns that are wanted of it. */
    public static RowFile table(Path folder, String name, RowFormat format, List<String> columns) {
        return withColumns(new RowFile(required(folder, name), format, columns));
    }

    /** Returns the file if it has all the columns that are wanted of it; else it is a fault. */
    public static RowFile withColumns(RowFile file) {
        List<String> present = RowReader.columns(file);
        List<String> absent =
                file.columns().stream().filter(name -> !present.contains(name)).toList();
        if (!absent.isEmpty()) {
            throw new InvalidSettingsException(List.of(new SettingFault(
                    "data", file.path().toString(), "must have the columns " + String.join(", ", absent))));
        }
        return file;
    }
}
