package dev.millrace.settings;

import java.util.List;
import java.util.stream.Collectors;

/** Thrown when settings are invalid. It carries all faults, not only the first. */
public final class InvalidSettingsException extends RuntimeException {

    private final List<SettingFault> faults;

    public InvalidSettingsException(List<SettingFault> faults) {
        super(faults.stream().map(SettingFault::toString).collect(Collectors.joining(System.lineSeparator())));
        this.faults = List.copyOf(faults);
    }

    public List<SettingFault> faults() {
        return faults;
    }
}
