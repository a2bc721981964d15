"""What does a network learn from? Embeddings and subjects to one number that falls as it learns.

cross_entropy   softmax over the training subjects, on cosines between the embedding and one learnt direction
                for each subject (Wang et al., "NormFace", ACM MM 2017)
arcface         the same with an angle added to the subject's own (Deng et al., CVPR 2019)
supcon          supervised contrast within a batch (Khosla et al., NeurIPS 2020); needs several clips of a
                subject in every batch

With time-shuffled negatives (avatar fingerprinting, Prashnani et al., ECCV 2024) a batch also holds its own
windows with their frames in random order, and they are nobody: a class of their own, or a contrast to
everyone. A network cannot then live on how a face looks.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from amber_id.extras import from_extra
from amber_id.training.loop_config import LossConfig


class Loss(nn.Module):
    """The loss over S subjects; subject number S is nobody, whose frames were shuffled."""

    def __init__(self, subjects: int, dimensions: int, config: LossConfig) -> None:
        super().__init__()
        self.config = config
        self.nobody = subjects
        classes = subjects + config.shuffled_negatives
        if config.name == "cross_entropy":
            self.directions = nn.Parameter(torch.randn(classes, dimensions))
            return
        with from_extra("pytorch_metric_learning", "train"):
            from pytorch_metric_learning import losses
        self.metric_loss = (
            losses.ArcFaceLoss(classes, dimensions, margin=config.margin_degrees, scale=config.scale)
            if config.name == "arcface"
            else losses.SupConLoss(temperature=1 / config.scale)
        )

    def forward(self, embeddings: Float[Tensor, "N D"], subject: Int[Tensor, " N"]) -> Float[Tensor, ""]:
        """Mean over the batch, in float32 whatever the network computes in: bf16 has steps of 0.4 %."""
        with torch.autocast(embeddings.device.type, enabled=False):
            return self._in_float32(embeddings.float(), subject)

    def _in_float32(self, embeddings: Float[Tensor, "N D"], subject: Int[Tensor, " N"]) -> Float[Tensor, ""]:
        if self.config.name == "cross_entropy":
            cosines = embeddings @ F.normalize(self.directions, dim=1).T
            return F.cross_entropy(
                self.config.scale * cosines, subject, label_smoothing=self.config.label_smoothing
            )
        if self.config.name == "supcon":
            # Two windows of nobody are not of one person: each is a class by itself.
            alone = self.nobody + torch.arange(len(subject), device=subject.device)
            subject = torch.where(subject == self.nobody, alone, subject)
        loss: Tensor = self.metric_loss(embeddings, subject)
        return loss
