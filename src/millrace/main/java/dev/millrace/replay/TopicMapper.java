package dev.millrace.replay;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.RejectReason;
import dev.millrace.event.UnusableEventException;
import dev.millrace.event.UserProfile;
import dev.millrace.feature.FeatureFields;
import dev.millrace.feature.FeatureSpec.Source;
import dev.millrace.state.EntrySource;
import dev.millrace.state.Form;
import dev.millrace.state.OrderedEntries;
import dev.millrace.state.PrefixedKey;
import dev.millrace.state.Utf8;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Turns records of the user's own topics into events, as {@link Timeline} turns rows of files: a change of features that changes nothing
 * is none, and the features of a log's row are laid over those that are known. It sends no item for being seen: the learner takes such items
 * in as unannounced. One thread.
 *
 * <p>Layout of its entries: {@code k SOURCE topic NUL key} holds the id of the row of a table that has a record's key, so that a delete, a
 * tombstone, a truncate and another id of the same row remove what the key stood for. It is empty between a delete and its tombstone. {@code f SOURCE id} holds
 * the features of a user or item as they were sent last.
 *
 * <p>A record is decoded as a whole, and then taken: one that cannot be used changes nothing.
 */
public final class TopicMapper {

    private static final byte[] NO_KEY = new byte[0];

    private final MappedTopics mapping;
    private final OrderedEntries entries;
    private final IdentityHashMap<MappedTopics.Section, JsonRows> rows = new IdentityHashMap<>();

    public TopicMapper(MappedTopics mapping, OrderedEntries entries) {
        this.mapping = mapping;
        this.entries = entries;
    }

    /** Where the events go. */
    public interface Output extends ReplayEvent.Visitor {

        /** @param source the user or the item */
        void removed(Source source, String id, long time);
    }

    /**
     * A record of one of the topics.
     *
     * @param isAlone whether the topic has no other partition
     * @param keyBytes the key as it came; empty if there is none
     * @param key as it is read; absent if it has no text
     * @param value absent of a tombstone
     */
    public record Arrival(
            String topic,
            boolean isAlone,
            byte[] keyBytes,
            Optional<JsonNode> key,
            long time,
            Optional<ObjectNode> value) {}

    /** What becomes of a record that can be used: it has events, or a reason why it has none. */
    public interface Taking {

        /** Hands over the events, and returns why there are none; empty if there are. */
        Optional<String> into(Output output);
    }

    /**
     * Reads a record.
     *
     * @throws UnusableEventException if it cannot be used
     */
    public Taking read(Arrival record) {
        RowChange change = RowChange.of(record.value(), record.key(), record.time());
        List<Taking> parts = new ArrayList<>();
        for (MappedTopics.Section section : mapping.of(record.topic())) {
            parts.add(
                    section instanceof MappedTopics.Table table
                            ? read(record, change, table)
                            : read(change, (MappedTopics.Log) section));
        }
        return output -> {
            Optional<String> why = Optional.of("no section");
            for (Taking part : parts) {
                Optional<String> none = part.into(output);
                why = why.isPresent() ? none : why;
            }
            return why;
        };
    }

    private Taking read(RowChange change, MappedTopics.Log log) {
        if (change.kind() != RowChange.Kind.INSERT) { // what has happened has
            return output -> Optional.of("no insert");
        }
        List<ReplayEvent> events = log.events().decoder().apply(row(change.row().orElseThrow(), log, log.columns()));
        return output -> {
            events.forEach(event -> event.accept(new LogEvents(output)));
            return events.isEmpty() ? Optional.of("unwanted") : Optional.empty();
        };
    }

    private Taking read(Arrival record, RowChange change, MappedTopics.Table table) {
        byte[] place = place(table.source(), record.topic(), record.keyBytes());
        return switch (change.kind()) {
            case INSERT, UPDATE -> upsert(record, change, table, place);
            case DELETE, TOMBSTONE -> removal(record, change, table, place);
            case TRUNCATE -> {
                if (!record.isAlone()) {
                    throw new UnusableEventException(
                            RejectReason.UNDECODABLE,
                            "a truncate",
                            "must come to a topic of one partition: of others, it does not tell whose rows are gone");
                }
                yield output -> truncate(output, table.source(), record);
            }
            case MESSAGE -> output -> Optional.of("message");
        };
    }

    private Taking removal(Arrival record, RowChange change, MappedTopics.Table table, byte[] place) {
        boolean isTombstone = change.kind() == RowChange.Kind.TOMBSTONE;
        Optional<String> known = idAt(place);
        if (isTombstone && known.filter(String::isEmpty).isPresent()) {
            return output -> {
                entries.delete(place);
                return Optional.of("tombstone of a delete");
            };
        }
        String id = known.filter(text -> !text.isEmpty())
                .or(() -> id(change.row(), table))
                .or(() -> idOfKey(record, table))
                .orElseThrow(() -> unknown(record));
        return output -> {
            if (isTombstone || record.keyBytes().length == 0) {
                entries.delete(place);
            } else {
                entries.put(place, Form.written(form -> form.text(""))); // its tombstone is none of its own
            }
            return remove(output, table.source(), id, record.time());
        };
    }

    private Taking upsert(Arrival record, RowChange change, MappedTopics.Table table, byte[] place) {
        FeatureTable.Entry entry = table.mapping().entry(row(change.row().orElseThrow(), table, table.columns()));
        String id = entry.id();
        long time = entry.since().orElse(record.time());
        Features known = known(table.source(), id);
        Features base = change.isWhole() ? without(known, table.mapping().features(), change.unknown()) : known;
        Features now = FeatureRow.laidOver(base, entry.features());
        ReplayEvent event = event(table.source(), id, time, now); // which checks them
        return output -> {
            if (record.keyBytes().length > 0) {
                Optional<String> before = idAt(place);
                before.filter(old -> !old.isEmpty() && !old.equals(id))
                        .ifPresent(old -> remove(output, table.source(), old, record.time()));
                if (!before.equals(Optional.of(id))) {
                    entries.put(place, Form.written(form -> form.text(id)));
                }
            }
            return send(output, table.source(), id, now, event);
        };
    }

    /** Hands over the features of a user or item, unless they are known. */
    private Optional<String> send(Output output, Source source, String id, Features now, ReplayEvent event) {
        byte[] key = featuresOf(source, id);
        byte[] entry = Form.written(form -> FeatureFields.features(form, now));
        if (entries.get(key).filter(known -> Arrays.equals(known, entry)).isPresent()) {
            return Optional.of("unchanged");
        }
        entries.put(key, entry);
        event.accept(output);
        return Optional.empty();
    }

    private Optional<String> remove(Output output, Source source, String id, long time) {
        entries.delete(featuresOf(source, id));
        output.removed(source, id, time);
        return Optional.empty();
    }

    private Optional<String> truncate(Output output, Source source, Arrival record) {
        byte[] begin = place(source, record.topic(), NO_KEY);
        Map<byte[], String> gone = new TreeMap<>(Arrays::compareUnsigned);
        entries.scan(begin, EntrySource.behind(begin), (key, value) -> {
            gone.put(key, text(value));
            return true;
        });
        gone.forEach((key, id) -> {
            entries.delete(key);
            if (!id.isEmpty()) {
                Optional<String> unused = remove(output, source, id, record.time());
            }
        });
        return gone.isEmpty() ? Optional.of("empty table") : Optional.empty();
    }

    private Row row(ObjectNode row, MappedTopics.Section section, List<String> columns) {
        return rows.computeIfAbsent(section, first -> new JsonRows(columns)).row(0, row.toString(), row);
    }

    private Optional<String> id(Optional<ObjectNode> row, MappedTopics.Table table) {
        try {
            return row.map(before -> table.mapping().id(row(before, table, table.columns())));
        } catch (UnusableEventException absent) { // a row before may hold its key alone
            return Optional.empty();
        }
    }

    /** The id that a record's key tells: a member of it that has the name of the column, or the key itself if that is mapped. */
    private Optional<String> idOfKey(Arrival record, MappedTopics.Table table) {
        ObjectNode members = record.key().orElse(NullNode.instance) instanceof ObjectNode object
                ? object.deepCopy()
                : JsonNodeFactory.instance.objectNode();
        return id(Optional.of(RowChange.row(members, record.key(), record.time())), table);
    }

    private static UnusableEventException unknown(Arrival record) {
        return new UnusableEventException(
                RejectReason.BAD_KEY,
                record.key().map(JsonNode::toString).orElse("null"),
                "must tell what is removed: the mapping's column is not in it, and no row came with this key before");
    }

    private Optional<String> idAt(byte[] place) {
        return entries.get(place).map(TopicMapper::text);
    }

    private static String text(byte[] entry) {
        return Form.read(entry, form -> form.text(""));
    }

    /** The features that were sent last; none if none were. */
    private Features known(Source source, String id) {
        return entries.get(featuresOf(source, id))
                .map(value -> Form.read(value, form -> FeatureFields.features(form, Features.NONE)))
                .orElse(Features.NONE);
    }

    private static ReplayEvent event(Source source, String id, long time, Features features) {
        return source == Source.USER
                ? new ReplayEvent.ProfileUpdate(new UserProfile(id, time, features))
                : new ReplayEvent.ItemListing(new CatalogueItem(id, time, features));
    }

    private static Features without(Features known, List<FeatureColumn> columns, Set<String> unknown) {
        SortedMap<String, FeatureValue> left = new TreeMap<>(known.values());
        columns.stream()
                .filter(column -> !unknown.contains(column.column()))
                .forEach(column -> left.remove(column.name()));
        return Features.taking(left);
    }

    private static byte[] featuresOf(Source source, String id) {
        return PrefixedKey.of(new byte[] {'f', letter(source)}, id);
    }

    private static byte[] place(Source source, String topic, byte[] key) {
        byte[] name = Utf8.bytes(topic);
        return ByteBuffer.allocate(3 + name.length + key.length)
                .put((byte) 'k')
                .put(letter(source))
                .put(name)
                .put((byte) 0)
                .put(key)
                .array();
    }

    private static byte letter(Source source) {
        return (byte) (source == Source.USER ? 'u' : 'i');
    }

    /** Hands over the events of a log's row, with its features laid over those that are known. */
    private final class LogEvents implements ReplayEvent.Visitor {

        private final Output output;

        LogEvents(Output output) {
            this.output = output;
        }

        @Override
        public void item(CatalogueItem item) {
            lay(Source.ITEM, item.item(), item.time(), item.features());
        }

        @Override
        public void profile(UserProfile profile) {
            lay(Source.USER, profile.user(), profile.time(), profile.features());
        }

        private void lay(Source source, String id, long time, Features fresh) {
            Features now = FeatureRow.laidOver(known(source, id), fresh);
            Optional<String> unused = send(output, source, id, now, event(source, id, time, now));
        }

        @Override
        public void exposure(Exposure exposure) {
            output.exposure(exposure);
        }

        @Override
        public void click(Click click) {
            output.click(click);
        }
    }
}
