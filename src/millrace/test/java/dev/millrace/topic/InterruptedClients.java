package dev.millrace.topic;

import dev.millrace.stream.KillPoint;
import dev.millrace.stream.MillraceTopology;
import dev.millrace.stream.Part;
import dev.millrace.topic.transaction.SettledProducer;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.KafkaClientSupplier;

/**
 * Kafka's clients, with an interruption where the transactions of the applications, or the restoring of the learner, come to a point.
 */
public final class InterruptedClients implements KafkaClientSupplier {

    /** So few that restoring takes several polls. */
    private static final int RESTORED_A_POLL = 50;

    private static final int A_FEW_VECTORS = 4;

    private final Interruption interruption;
    private final TopicNames topics;
    private final SettledProducer.Settling settling;

    public InterruptedClients(Interruption interruption, TopicNames topics, SettledProducer.Settling settling) {
        this.interruption = interruption;
        this.topics = topics;
        this.settling = settling;
    }

    @Override
    public Admin getAdmin(Map<String, Object> config) {
        return Admin.create(config);
    }

    @Override
    public Producer<byte[], byte[]> getProducer(Map<String, Object> config) {
        Producer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
        InvocationHandler interrupted =
                isLearner(config) ? new LearnerProducer(producer) : attributionProducer(producer);
        return settling.settled(proxy(Producer.class, interrupted), config);
    }

    @Override
    public Consumer<byte[], byte[]> getRestoreConsumer(Map<String, Object> config) {
        if (!isLearner(config)) {
            return getConsumer(config);
        }
        Map<String, Object> inPieces = new HashMap<>(config);
        inPieces.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, RESTORED_A_POLL);
        return proxy(Consumer.class, restoreConsumer(getConsumer(inPieces)));
    }

    @Override
    public Consumer<byte[], byte[]> getConsumer(Map<String, Object> config) {
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @Override
    public Consumer<byte[], byte[]> getGlobalConsumer(Map<String, Object> config) {
        return getConsumer(config);
    }

    private boolean isLearner(Map<String, Object> config) {
        return String.valueOf(config.get(ConsumerConfig.CLIENT_ID_CONFIG)).contains("-" + Part.LEARN.suffix() + "-");
    }

    private static <C> C proxy(Class<? super C> type, InvocationHandler handler) {
        @SuppressWarnings("unchecked") // the handler passes everything on to a client of that type
        C proxy = (C) Proxy.newProxyInstance(InterruptedClients.class.getClassLoader(), new Class<?>[] {type}, handler);
        return proxy;
    }

    private static Object call(Object client, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(client, arguments);
        } catch (InvocationTargetException thrown) {
            throw thrown.getCause();
        }
    }

    /** Follows one transaction after the other. One thread. */
    private final class LearnerProducer implements InvocationHandler {

        private final Producer<byte[], byte[]> producer;
        private int vectors;
        private int entries;
        private boolean isBehindCommit;

        LearnerProducer(Producer<byte[], byte[]> producer) {
            this.producer = producer;
        }

        @Override
        public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
            switch (method.getName()) {
                case "beginTransaction" -> begins();
                case "send" -> sends(topic(arguments));
                case "commitTransaction" -> commits();
                default -> {}
            }
            Object result = call(producer, method, arguments);
            switch (method.getName()) {
                case "send" -> sent(topic(arguments));
                case "commitTransaction" -> {
                    if (entries > 0) {
                        interruption.at(KillPoint.COMMITTED_BEFORE_STORES);
                    }
                    isBehindCommit = true;
                }
                default -> {}
            }
            return result;
        }

        private void begins() {
            if (isBehindCommit) {
                interruption.at(KillPoint.BETWEEN_TRANSACTIONS);
            }
            vectors = 0;
            entries = 0;
        }

        private void commits() {
            if (vectors > 0) {
                interruption.at(KillPoint.PRODUCED_BEFORE_COMMIT, producer::flush);
            }
        }

        private void sends(String topic) {
            if (topic.endsWith(MillraceTopology.LEARNER_STORE + "-changelog") && entries++ == 0) {
                interruption.at(KillPoint.BEFORE_STORE_WRITE, producer::flush);
            } else if (topic.equals(topics.trainingProgress()) && entries > 0) {
                interruption.at(KillPoint.AFTER_STORE_WRITE, producer::flush);
            }
        }

        private void sent(String topic) {
            if (topic.equals(topics.miniBatches())) {
                interruption.at(KillPoint.BATCH_LOGGED, producer::flush);
            } else if (topic.equals(topics.itemEmbeddings()) && ++vectors == A_FEW_VECTORS) {
                interruption.at(KillPoint.MID_PUBLISH, producer::flush);
            }
        }

        private String topic(Object[] arguments) {
            return ((ProducerRecord<?, ?>) arguments[0]).topic();
        }
    }

    private InvocationHandler attributionProducer(Producer<byte[], byte[]> producer) {
        return (proxy, method, arguments) -> {
            boolean isCommit = method.getName().equals("commitTransaction");
            if (isCommit) {
                interruption.at(KillPoint.ATTRIBUTION_PRODUCED_BEFORE_COMMIT, producer::flush);
            }
            Object result = call(producer, method, arguments);
            if (isCommit) {
                interruption.at(KillPoint.ATTRIBUTION_COMMITTED_BEFORE_STORES);
            }
            return result;
        };
    }

    /** What one poll delivers is in the store when the next is made. */
    private InvocationHandler restoreConsumer(Consumer<byte[], byte[]> consumer) {
        AtomicBoolean hasDelivered = new AtomicBoolean();
        return (proxy, method, arguments) -> {
            boolean isPoll = method.getName().equals("poll");
            if (isPoll && hasDelivered.get()) {
                interruption.at(KillPoint.DURING_RESTORE);
            }
            Object result = call(consumer, method, arguments);
            if (isPoll) {
                hasDelivered.set(result instanceof ConsumerRecords<?, ?> records && !records.isEmpty());
            }
            return result;
        };
    }
}
