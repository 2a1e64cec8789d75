package dev.millrace.stream;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.ClusterAdmin;
import dev.millrace.topic.TopicReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** An application that is to begin with entries, and so must never have existed. */
public record NewApplication(ClientSettings clients, StreamSettings settings, Part part) {

    private static final String APPLICATION_ID = "stream.application-id";

    /** @throws InvalidSettingsException if its group has offsets, or the state directory has state of it */
    public void requireNeverStarted() {
        requireNoLocalState();
        boolean hasOffsets = !new ClusterAdmin(clients, TopicReader.PATIENCE)
                .ask(admin -> ClusterAdmin.committed(admin, application()))
                .isEmpty();
        if (hasOffsets) {
            throw taken("its group " + application() + " has offsets");
        }
    }

    private void requireNoLocalState() {
        Path local = settings.stateDirectory().resolve(application());
        if (!Files.isDirectory(local)) {
            return;
        }
        try (Stream<Path> found = Files.list(local)) {
            if (found.anyMatch(Files::isDirectory)) { // a task's; a start that was refused leaves files alone
                throw taken("it has state in " + local);
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException("reading " + local, unreadable);
        }
    }

    /** @throws InvalidSettingsException if a task has committed entries; those of an import that did not end do not count */
    public void requireEmpty(Changelog changelog) {
        if (!changelog.isEmpty()) {
            throw taken("its changelog " + changelog.name() + " has entries");
        }
    }

    /** Says that its group has members. */
    public InvalidSettingsException inUse() {
        return taken("its group " + application() + " has members");
    }

    private String application() {
        return settings.applicationId(part);
    }

    private InvalidSettingsException taken(String why) {
        return new InvalidSettingsException(List.of(new SettingFault(
                APPLICATION_ID, settings.applicationId(), "must be one that no trainer ever had: " + why)));
    }
}
