package dev.millrace.serve;

import dev.millrace.access.HostNames;
import dev.millrace.settings.SettingsReader;

/** Where a trainer tells how it is. */
public record TrainServerSettings(String host, int port, HostNames hosts) {

    public static TrainServerSettings read(SettingsReader reader) {
        return new TrainServerSettings(
                reader.text("train.http.host = 127.0.0.1: address to bind for the trainer's health and metrics"),
                reader.integer(
                        "train.http.port = 8081 in [-1, 65535]: port of the trainer's health and metrics; 0 takes a "
                                + "free one; -1: no server. If the port is in use, there is no server"),
                HostNames.read(reader, "train.http.hosts", "none"));
    }

    /** Whether there is to be a server. */
    public boolean isOn() {
        return port >= 0;
    }
}
