package dev.millrace.verify.books;

import dev.millrace.checkpoint.CheckpointDirectory;
import dev.millrace.checkpoint.CheckpointDirectory.Form;
import dev.millrace.checkpoint.CheckpointDirectory.UsableCheckpoint;
import dev.millrace.operation.Progress;
import dev.millrace.state.EntrySource;
import dev.millrace.state.OrderedEntries;
import dev.millrace.state.Sha256;
import dev.millrace.topic.TopicLog;
import dev.millrace.wire.TopicRecord;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The checkpoints of one partition of an attribution. */
final class AttributionCheckpoints {

    private final TopicLog log;
    private final String commits;
    private final AttributionPlace own;
    private final CheckpointDirectory<AttributionPlace> files;

    /**
     * @param commits topic of the attribution's commits
     * @param own the attribution's beginning
     */
    AttributionCheckpoints(Path directory, TopicLog log, String commits, AttributionPlace own) {
        this.log = log;
        this.commits = commits;
        this.own = own;
        this.files = new CheckpointDirectory<>(
                directory,
                new Form<>(
                        "attribution-" + own.application() + "-" + own.partition(),
                        AttributionPlace.FORM,
                        AttributionPlace::commits,
                        place -> own.difference(place).or(() -> ofOtherTopics(place))),
                unfinished -> {});
        files.prepare();
    }

    AttributionPlace own() {
        return own;
    }

    /**
     * Reads the newest that can be used.
     *
     * @param into empty; filled with its entries
     */
    Optional<UsableCheckpoint<AttributionPlace>> restore(OrderedEntries into) {
        Optional<UsableCheckpoint<AttributionPlace>> newest = files.newest(Long.MAX_VALUE);
        newest.ifPresent(found -> AttributionPlace.FORM.read(found.file(), into::put, Progress.NONE));
        return newest;
    }

    Path write(AttributionPlace place, EntrySource entries) {
        return files.write(place, entries);
    }

    /** Topics that were deleted and made again have other records at the same offsets. */
    private Optional<String> ofOtherTopics(AttributionPlace place) {
        if (place.commits() > log.end(commits, 0)) {
            return Optional.of(commits + " ends before " + place.commits());
        }
        List<AttributionPlace.Commit> found = new ArrayList<>();
        Optional<AttributionPlace.Commit> last =
                place.last().filter(commit -> commit.offset() >= log.begin(commits, 0)); // else it is gone
        last.ifPresent(commit ->
                log.read(commits, 0, commit.offset(), commit.offset() + 1, record -> found.add(commit(record))));
        return found.equals(last.stream().toList())
                ? Optional.empty()
                : Optional.of("its last commit is not that of " + commits);
    }

    static AttributionPlace.Commit commit(TopicRecord record) {
        return new AttributionPlace.Commit(
                record.offset(), Sha256.hex(record.value().orElseThrow()));
    }
}
