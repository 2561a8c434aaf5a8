# The runbook's "Quick Diagnostic Command" word for word, but for the port of its first line.

echo "=== Flag Value ==="
curl -s "$FLAG_SERVICE"/ofrep/v1/evaluate/flags/kafkaQueueProblems

echo -e "\n=== Checkout Memory ==="
kubectl top pod -n otel-demo | grep checkout

echo -e "\n=== Flag in Logs ==="
kubectl logs -n otel-demo -l app.kubernetes.io/name=checkout --tail=50 | grep -i "kafkaQueueProblems" | tail -3

echo -e "\n=== Order Count ==="
kubectl logs -n otel-demo -l app.kubernetes.io/name=checkout --tail=200 | grep -i "order placed" | wc -l

echo -e "\n=== Memory Limit ==="
kubectl get deployment checkout -n otel-demo -o jsonpath='{.spec.template.spec.containers[0].resources.limits.memory}'
echo
