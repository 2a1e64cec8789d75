package dev.millrace.stream;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.UserProfile;
import dev.millrace.feature.FeatureSpec.Source;
import dev.millrace.replay.MappedTopics;
import dev.millrace.replay.TopicMapper;
import dev.millrace.state.Books;
import dev.millrace.state.EntrySource;
import dev.millrace.state.Outcome;
import dev.millrace.state.Utf8;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.EventRecords;
import dev.millrace.wire.ForeignValues;
import java.util.Optional;
import java.util.function.ToIntFunction;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/** Makes events of the records of the user's own topics, and counts those: read = mapped + left out + rejected. */
final class MapProcessor
        implements Processor<byte[], byte[], byte[], byte[]>, WriteThroughStore.Owner<Books>, TopicMapper.Output {

    private static final String PART = "map";

    private final EventTask.Shared shared;
    private final MappedTopics mapping;
    private final ToIntFunction<String> partitions;
    private final TopicNames topics;
    private final ForeignValues values;
    private final EventRecords events;
    // set by init, which Kafka calls before all else
    private ProcessorContext<byte[], byte[]> context;
    private EventTask<Books> task;
    private TopicMapper mapper;

    @SuppressWarnings("NullAway.Init")
    MapProcessor(EventTask.Shared shared, MappedTopics mapping, ToIntFunction<String> partitions) {
        this.shared = shared;
        this.mapping = mapping;
        this.partitions = partitions;
        this.topics = shared.topics();
        this.values = new ForeignValues(shared.wire());
        this.events = new EventRecords(shared.wire());
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> initialised) {
        context = initialised;
        task = new EventTask<>(
                context,
                shared,
                PART,
                MillraceTopology.MAP_BOOKS_STORE,
                this,
                MillraceTopology.TO_PROGRESS,
                MillraceTopology.TO_DEAD_LETTERS);
        mapper = new TopicMapper(mapping, new StoreEntries(context.getStateStore(MillraceTopology.MAP_STORE)));
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        RecordMetadata from = task.outlet().origin();
        String label = Books.MAPPED + from.topic();
        Books books = task.change();
        task.readAnywhere(
                        record,
                        () -> mapper.read(arrival(record, from)),
                        rejected -> books.settle(
                                label, Outcome.REJECTED, rejected.reason().label()))
                .ifPresent(taking -> taking.into(this)
                        .ifPresentOrElse(
                                why -> books.settle(label, Outcome.LEFT_OUT, why),
                                () -> books.settle(label, Outcome.MAPPED, "")));
    }

    private TopicMapper.Arrival arrival(Record<byte[], byte[]> record, RecordMetadata from) {
        byte @Nullable [] key = record.key();
        byte @Nullable [] value = record.value();
        return new TopicMapper.Arrival(
                from.topic(),
                partitions.applyAsInt(from.topic()) == 1,
                key == null ? new byte[0] : key,
                values.key(key),
                record.timestamp(),
                value == null ? Optional.empty() : Optional.of(values.value(value)));
    }

    @Override
    public Books fresh(EntrySource stored) {
        return new Books();
    }

    @Override
    public void beforeCommit(Books books) {
        task.commit(books);
    }

    @Override
    public void item(CatalogueItem item) {
        send(MillraceTopology.TO_ITEMS, item.item(), events.encode(topics.items(), item), item.time());
    }

    @Override
    public void profile(UserProfile profile) {
        send(MillraceTopology.TO_USERS, profile.user(), events.encode(topics.users(), profile), profile.time());
    }

    @Override
    public void exposure(Exposure exposure) {
        byte[] value = events.encode(topics.exposures(), exposure);
        send(MillraceTopology.TO_EXPOSURES, exposure.user(), value, exposure.time());
    }

    @Override
    public void click(Click click) {
        send(MillraceTopology.TO_CLICKS, click.user(), events.encode(topics.clicks(), click), click.time());
    }

    @Override
    public void removed(Source source, String id, long time) {
        String sink = source == Source.USER ? MillraceTopology.TO_USERS : MillraceTopology.TO_ITEMS;
        task.outlet().send(sink, Utf8.bytes(id), Optional.empty(), timestamp(time));
    }

    private void send(String sink, String id, byte[] value, long time) {
        task.outlet().send(sink, Utf8.bytes(id), Optional.of(value), timestamp(time));
    }

    /** Brokers refuse a timestamp that is more than an hour ahead of their clock; that of an event may be. Its own time is in the value. */
    private long timestamp(long time) {
        return Math.min(time, context.currentSystemTimeMs());
    }
}
