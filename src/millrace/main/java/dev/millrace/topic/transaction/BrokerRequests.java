package dev.millrace.topic.transaction;

import dev.millrace.topic.ClientSettings;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.ApiVersions;
import org.apache.kafka.clients.ClientRequest;
import org.apache.kafka.clients.ClientResponse;
import org.apache.kafka.clients.ClientUtils;
import org.apache.kafka.clients.DefaultHostResolver;
import org.apache.kafka.clients.ManualMetadataUpdater;
import org.apache.kafka.clients.NetworkClient;
import org.apache.kafka.clients.NetworkClientUtils;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.AbstractRequest;
import org.apache.kafka.common.requests.InitProducerIdRequest;
import org.apache.kafka.common.requests.InitProducerIdResponse;
import org.apache.kafka.common.requests.TransactionResult;
import org.apache.kafka.common.requests.WriteTxnMarkersRequest;
import org.apache.kafka.common.requests.WriteTxnMarkersResponse;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.common.utils.internals.LogContext;

/**
 * Two requests that Kafka's admin client does not have: to write the end of a committed transaction, and to fence a producer without
 * waiting for the end of its transaction. One connection, one thread.
 */
final class BrokerRequests implements AutoCloseable {

    private static final String CLIENT = "millrace-transactions";
    private static final short ANY_TRANSACTION_VERSION = 0;
    private static final long NO_PRODUCER = -1;
    private static final short NO_EPOCH = -1;

    private final Time time = Time.SYSTEM;
    private final Metrics metrics = new Metrics();
    private final int timeoutMillis;
    private final NetworkClient client;

    BrokerRequests(ClientSettings clients, int timeoutMillis) {
        this.timeoutMillis = timeoutMillis;
        AdminClientConfig checked = new AdminClientConfig(clients.asMap());
        this.client = ClientUtils.createNetworkClient(
                checked,
                checked.getList(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG),
                CLIENT,
                metrics,
                CLIENT,
                new LogContext(),
                new ApiVersions(),
                time,
                1,
                timeoutMillis,
                null,
                new ManualMetadataUpdater(),
                new DefaultHostResolver(),
                null,
                null);
    }

    /**
     * Writes an end that the coordinator has decided. A second end for the same transaction changes nothing; a broker refuses it if the
     * producer has begun another one.
     *
     * @param leader of the partition
     */
    void writeEnd(Node leader, OpenTransaction open, boolean isCommit) {
        TopicPartition partition = open.topicPartition();
        WriteTxnMarkersRequest.TxnMarkerEntry marker = new WriteTxnMarkersRequest.TxnMarkerEntry(
                open.producerId(),
                open.epoch(),
                open.coordinatorEpoch(),
                isCommit ? TransactionResult.COMMIT : TransactionResult.ABORT,
                List.of(partition),
                ANY_TRANSACTION_VERSION);
        WriteTxnMarkersResponse response =
                send(leader, new WriteTxnMarkersRequest.Builder(List.of(marker)), WriteTxnMarkersResponse.class);
        response.errorsByProducerId()
                .getOrDefault(open.producerId(), Map.of())
                .getOrDefault(partition, Errors.UNKNOWN_SERVER_ERROR)
                .maybeThrow();
    }

    /**
     * Fences the producer of a transactional id: its coordinator aborts the transaction that is open. Does not wait for that.
     *
     * @param coordinator of the id
     */
    void fence(Node coordinator, String transactionalId, int transactionTimeoutMillis) {
        InitProducerIdRequestData data = new InitProducerIdRequestData()
                .setTransactionalId(transactionalId)
                .setTransactionTimeoutMs(transactionTimeoutMillis)
                .setProducerId(NO_PRODUCER)
                .setProducerEpoch(NO_EPOCH);
        InitProducerIdResponse response =
                send(coordinator, new InitProducerIdRequest.Builder(data), InitProducerIdResponse.class);
        Errors error = response.error();
        if (error != Errors.CONCURRENT_TRANSACTIONS) { // it ends the transaction
            error.maybeThrow();
        }
    }

    @Override
    public void close() {
        client.close();
        metrics.close();
    }

    private <T> T send(Node node, AbstractRequest.Builder<?> request, Class<T> type) {
        try {
            if (!NetworkClientUtils.awaitReady(client, node, time, timeoutMillis)) {
                throw new TimeoutException("no connection to " + node + " within " + timeoutMillis + " ms");
            }
            ClientRequest sent =
                    client.newClientRequest(node.idString(), request, time.milliseconds(), true, timeoutMillis, null);
            ClientResponse response = NetworkClientUtils.sendAndReceive(client, sent, time);
            if (response.authenticationException() != null) {
                throw response.authenticationException();
            }
            if (response.versionMismatch() != null) {
                throw response.versionMismatch();
            }
            if (!response.hasResponse()) {
                throw new DisconnectException(node + " ended the connection");
            }
            return type.cast(response.responseBody());
        } catch (IOException lost) {
            throw new DisconnectException("no answer from " + node, lost);
        }
    }
}
