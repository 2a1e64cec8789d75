package dev.millrace.access;

import dev.millrace.settings.SettingsReader;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Names by which a server may be asked, beside loopback names and addresses.
 *
 * @param setting that gives them
 * @param given in lower case
 */
public record HostNames(String setting, Set<String> given) {

    private static final Pattern NAME = Pattern.compile("[a-z0-9_-]+(\\.[a-z0-9_-]+)*");

    /** None is given. */
    public static HostNames none(String setting) {
        return new HostNames(setting, Set.of());
    }

    /** @param without what holds if none is given */
    public static HostNames read(SettingsReader reader, String setting, String without) {
        Set<String> names = reader
                .names(setting
                        + ": host names by which clients and pages may address this server, beside loopback names and "
                        + "addresses; empty: "
                        + without)
                .stream()
                .map(name -> name.toLowerCase(Locale.ROOT))
                .collect(Collectors.toUnmodifiableSet());
        for (String name : names) {
            reader.require(
                    NAME.matcher(name).matches(), setting, name, "must be names of hosts, without a scheme or a port");
        }
        return new HostNames(setting, names);
    }
}
