package dev.millrace.serve;

import dev.millrace.access.HostNames;
import dev.millrace.settings.SettingsReader;

/**
 * Where a trainer tells how it is, or a process that maps topics.
 *
 * @param prefix of the keys
 */
public record TrainServerSettings(String prefix, String host, int port, HostNames hosts) {

    private static final int PORT = 8081;
    private static final int PORT_OF_MAP = 8083;

    public static TrainServerSettings read(SettingsReader reader) {
        return read(reader, "train.http.", PORT, "the trainer's health and metrics");
    }

    public static TrainServerSettings ofMap(SettingsReader reader) {
        return read(reader, "map.http.", PORT_OF_MAP, "health and metrics of millrace map");
    }

    private static TrainServerSettings read(SettingsReader reader, String prefix, int port, String what) {
        return new TrainServerSettings(
                prefix,
                reader.text(prefix + "host = 127.0.0.1: address to bind for " + what),
                reader.integer(prefix + "port = " + port + " in [-1, 65535]: port of " + what
                        + "; 0 takes a free one; -1: no server. If the port is in use, there is no server"),
                HostNames.read(reader, prefix + "hosts", "none"));
    }

    /** Whether there is to be a server. */
    public boolean isOn() {
        return port >= 0;
    }
}
