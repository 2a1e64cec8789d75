package dev.millrace.app;

import dev.millrace.replay.DataFormat;
import dev.millrace.replay.DataSet;
import dev.millrace.settings.SettingsReader;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;

/** What another jar adds to the program. The class path names it, see {@link ServiceLoader}. */
public interface Extension {

    /** All that the class path has, looked for once. */
    List<Extension> ALL = ServiceLoader.load(Extension.class).stream()
            .map(ServiceLoader.Provider::get)
            .toList();

    /** Classes of commands, as picocli takes them. */
    List<Class<?>> commands();

    /** Failures whose message says all, and the exit status of each. */
    Map<Class<? extends Throwable>, Integer> statuses();

    /** Formats of data sets. */
    List<DataFormat> formats();

    /** Returns the events that are replayed where no data set is named. */
    DataSet generated(SettingsReader settings);

    /** Reads its settings, so that their faults are told with all others. */
    void readSettings(SettingsReader reader);
}
