package dev.millrace.app;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.settings.SettingsText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;

/** A file of {@code key = value} lines that an option of the command line names. */
public final class SettingsFile {

    private static final long MOST_BYTES = 1 << 20;

    private SettingsFile() {}

    /**
     * Reads the values by key.
     *
     * @param wanted what the file must be
     * @throws InvalidSettingsException if the file cannot be read, or has other content
     */
    public static SortedMap<String, String> read(String option, Path file, String wanted) {
        try {
            if (Files.size(file) > MOST_BYTES) {
                throw fault(option, file, "has more than " + MOST_BYTES + " bytes; must be " + wanted);
            }
            return SettingsText.read(option, file.toString(), Files.readString(file), wanted);
        } catch (NoSuchFileException absent) {
            throw fault(option, file, "must be a readable file");
        } catch (IOException unreadable) {
            throw fault(option, file, "cannot be read: " + unreadable.getMessage());
        }
    }

    private static InvalidSettingsException fault(String option, Path file, String rule) {
        return new InvalidSettingsException(List.of(new SettingFault(option, file.toString(), rule)));
    }
}
