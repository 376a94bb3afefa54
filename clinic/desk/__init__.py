"""The front desk's and the clinicians' doors. No models here."""
