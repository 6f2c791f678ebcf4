-- 資料の一覧にある承認された利活用 / Approved uses in the material's list
WITH uses AS (
  SELECT u._id, p.code AS ngmi_producer
  FROM data_use u JOIN accredited_producer p ON p._id = u.producer
  WHERE u._source = 'd001'
)
SELECT '-' AS period, ngmi_producer, count(*) AS value FROM uses GROUP BY ngmi_producer
